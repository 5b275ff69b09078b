#pragma once
// Publishers, subscribers and the messages between them, with flow control: a publisher sends while
// fewer than its window are on their way to the subscribers, and fewer than its limit are
// unacknowledged. Counts what arrives, and how late. Owned by a scenario.

#include <string>
#include <vector>

#include "clients/bench/crowd.hpp"
#include "clients/bench/histogram.hpp"
#include "clients/bench/options.hpp"
#include "clients/bench/payload.hpp"
#include "clients/bench/tally.hpp"
#include "clients/bench/template.hpp"

namespace muster::clients::bench {

struct Counts {
  uint64_t sent = 0;
  uint64_t expected = 0;  // to arrive: sent, times those who want it
  uint64_t acknowledged = 0;
  uint64_t corrupt = 0;
  uint64_t marked_dup = 0;
  uint64_t closed = 0;  // connections, by the broker
  uint64_t stalls = 0;  // nothing moved for some seconds
};

class Traffic : public Listener {
 public:
  Traffic(const Options& options, Crowd& crowd);

  uint32_t add_publisher(uint32_t client);
  // `receivers`: how many subscribers get each of its messages. The index is the stream's number.
  uint32_t add_stream(const std::string& topic, uint32_t publisher, uint32_t receivers,
                      bool retain = false);
  // It may get the streams [first, first + count), and no others.
  uint32_t add_subscriber(uint32_t client, uint32_t first_stream, uint32_t streams);
  void ready();  // once all are there: computes the windows

  void limit_to_each_stream(uint64_t messages);                     // and no more
  void expect(uint64_t messages) { counts_.expected += messages; }  // that were sent before
  void without_end_to_end_window();  // nobody receives yet: acknowledgements alone

  void start();                       // lets all publishers send
  void pump();                        // what the windows allow
  bool send_one(uint32_t publisher);  // in a write of its own; false: nothing is allowed now
  void stop();                        // no more messages
  void give_credit_back();            // after a loss: nothing would move again
  bool all_sent() const;              // and acknowledged
  bool all_arrived() const;

  void on_packet(uint32_t client, const mqtt::Frame& frame) override;
  void on_closed(uint32_t client) override;

  const Counts& counts() const { return counts_; }
  const Tally& tally() const { return tally_; }
  uint64_t lost() const;
  uint64_t publishers() const { return publishers_.size(); }
  uint64_t subscribers() const { return subscribers_; }
  Histogram& latency() { return latency_; }
  void record_latency(bool on) { recording_ = on; }

 private:
  struct Stream {
    std::string topic;
    PublishTemplate packet;
    uint32_t publisher = 0;
    uint32_t receivers = 0;
    uint32_t next_number = 0;
  };
  struct Publisher {
    uint32_t client = 0;
    std::vector<uint32_t> streams;
    size_t turn = 0;             // whose stream is next
    uint64_t on_the_way = 0;     // deliveries that have not come
    uint64_t window = 0;         // how many of those there may be; 0: any number
    uint64_t fan = 1;            // deliveries of a message, on average
    uint64_t left = UINT64_MAX;  // messages that it may still send
    uint32_t unacknowledged = 0;
    uint16_t last_id = 0;
    bool waiting = false;  // stands in to_pump_
  };

  uint64_t credit(const Publisher& publisher) const;
  bool pump_one(Publisher& publisher);
  void append_next(Publisher& publisher, Nanos at);
  void wake(uint32_t publisher);
  void take_publish(uint32_t client, const mqtt::Frame& frame);
  void take_acknowledgement(uint32_t client, const mqtt::Frame& frame);
  void answer(mqtt::PacketType type, uint16_t packet_id);
  void arrived(uint32_t subscriber, const Stamp& stamp);

  static constexpr uint32_t none = UINT32_MAX;

  Crowd& crowd_;
  mqtt::Qos qos_;
  Windows windows_;
  Payload payload_;
  std::vector<Stream> streams_;
  std::vector<Publisher> publishers_;
  std::vector<uint32_t> publisher_of_;   // client -> publisher
  std::vector<uint32_t> subscriber_of_;  // client -> subscriber
  uint32_t subscribers_ = 0;
  std::vector<uint32_t> to_pump_;
  std::vector<uint32_t> pumping_;  // those of one pump()
  Bytes scratch_;                  // a write
  Tally tally_;
  Counts counts_;
  Histogram latency_;
  bool recording_ = false;
};

}  // namespace muster::clients::bench
