// What comes in: messages, and acknowledgements of both sides.

#include <algorithm>

#include "clients/bench/traffic.hpp"
#include "clients/connection.hpp"

namespace muster::clients::bench {

void Traffic::on_closed(uint32_t) {
  ++counts_.closed;
}

void Traffic::on_packet(uint32_t client, const mqtt::Frame& frame) {
  switch (frame.type) {
    case mqtt::PacketType::publish:
      take_publish(client, frame);
      break;
    case mqtt::PacketType::puback:
    case mqtt::PacketType::pubrec:
    case mqtt::PacketType::pubrel:
    case mqtt::PacketType::pubcomp:
      take_acknowledgement(client, frame);
      break;
    default:
      break;  // CONNACK and SUBACK of whoever connects meanwhile
  }
}

void Traffic::answer(mqtt::PacketType type, uint16_t packet_id) {
  mqtt::encode_acknowledgement(crowd_.version(), type, packet_id, mqtt::Reason::success,
                               crowd_.answers());
}

void Traffic::take_acknowledgement(uint32_t client, const mqtt::Frame& frame) {
  const auto view = mqtt::decode_acknowledgement(frame, crowd_.version());
  if (!view) {
    ++counts_.corrupt;
    return;
  }
  if (static_cast<int>(view->reason) >= 0x80) {
    throw Failure("a message was refused: code " + std::to_string(static_cast<int>(view->reason)));
  }
  if (frame.type == mqtt::PacketType::pubrec) {
    answer(mqtt::PacketType::pubrel, view->packet_id);
  } else if (frame.type == mqtt::PacketType::pubrel) {
    answer(mqtt::PacketType::pubcomp, view->packet_id);
  } else if (const uint32_t index = publisher_of_[client]; index != none) {
    Publisher& publisher = publishers_[index];
    if (publisher.unacknowledged > 0) --publisher.unacknowledged;
    ++counts_.acknowledged;
    wake(index);
  }
}

void Traffic::take_publish(uint32_t client, const mqtt::Frame& frame) {
  const auto view = mqtt::read_publish(frame, crowd_.version(), mqtt::Sender::server);
  if (!view) {
    ++counts_.corrupt;
    return;
  }
  if (view->qos == mqtt::Qos::at_least_once) answer(mqtt::PacketType::puback, view->packet_id);
  if (view->qos == mqtt::Qos::exactly_once) answer(mqtt::PacketType::pubrec, view->packet_id);
  if (view->dup) ++counts_.marked_dup;
  const uint32_t subscriber = subscriber_of_[client];
  Stamp stamp;
  if (subscriber == none || !payload_.read(view->payload, stamp) ||
      stamp.stream >= streams_.size() || view->topic != streams_[stamp.stream].topic) {
    ++counts_.corrupt;
    return;
  }
  arrived(subscriber, stamp);
}

void Traffic::arrived(uint32_t subscriber, const Stamp& stamp) {
  const Tally::Seen seen = tally_.see(subscriber, stamp.stream, stamp.number);
  if (seen == Tally::Seen::duplicate || seen == Tally::Seen::misdirected) return;
  const uint32_t index = streams_[stamp.stream].publisher;
  Publisher& publisher = publishers_[index];
  if (publisher.on_the_way > 0) --publisher.on_the_way;
  wake(index);
  if (recording_) latency_.add(crowd_.read_at() - stamp.sent);
}

}  // namespace muster::clients::bench
