#include "tests/sim/client.hpp"

namespace muster::sim {

Client::Client(Context& context, std::shared_ptr<Socket> socket, mqtt::Version version,
               Events events)
    : context_(context), socket_(std::move(socket)), version_(version), events_(std::move(events)) {
  socket_->set_client({[this](BytesView input, Instant emitted) { bytes(input, emitted); },
                       [closed = events_.closed] { closed(); }});
}

void Client::send(const mqtt::Packet& packet) {
  Bytes out;
  mqtt::encode(packet, version_, out);
  socket_->send(out);
}

void Client::bytes(BytesView bytes, Instant emitted) {
  buffer_ += bytes;
  Bytes held;
  while (true) {
    size_t needed = 0;
    const auto frame = mqtt::next_frame(buffer_, mqtt::largest_packet_size, needed);
    if (!frame) throw Violation("well_formed", "the broker's bytes are no packet");
    if (frame->whole.empty()) return;
    held.assign(frame->whole);
    buffer_.erase(0, held.size());
    const auto whole = mqtt::next_frame(held, mqtt::largest_packet_size, needed);
    const auto packet = mqtt::decode(*whole, version_, mqtt::Sender::server);
    if (!packet) {
      throw Violation("well_formed",
                      fmt::format("the broker's packet of type {} is malformed: {}",
                                  static_cast<int>(whole->type), mqtt::to_string(packet.error())));
    }
    events_.packet(*packet, emitted);
  }
}

}  // namespace muster::sim
