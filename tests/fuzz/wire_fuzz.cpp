// What another server may send us, byte by byte: messages, rows and frames. The first byte says
// which; the rest is the input. Decoding never throws, and what was decoded encodes to what decodes
// to the same. A Links object that is up with a peer takes any frame in that peer's name.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/base/check.hpp"
#include "core/wire/codec.hpp"
#include "core/wire/frame.hpp"
#include "core/wire/links.hpp"

namespace {

using namespace muster;
using namespace muster::wire;

const Now now{Instant(std::chrono::seconds(10)), {}};

void fuzz_message(BytesView input) {
  const auto message = decode(input);
  if (!message) return;
  Bytes once, twice;
  encode(*message, once);
  const auto back = decode(once);
  MUSTER_CHECK(back.has_value());
  encode(*back, twice);
  MUSTER_CHECK(once == twice);
}

void fuzz_row(BytesView input) {
  const auto entry = decode_row(input);
  if (!entry) return;
  const auto back = decode_row(encode_row(*entry));
  MUSTER_CHECK(back.has_value() && *back == *entry);
}

// Frames, each with two bytes of length in front; `known` of them get a right envelope.
void fuzz_frames(BytesView input, bool known) {
  Links links({"b", Role::broker, Incarnation{1}, "", ""}, {}, false);
  const NodeInfo peer{"g", Role::global, Incarnation{2}, "inproc://g", "inproc://gb"};
  links.know(now, peer);
  links.stream("g", RoutesTaken{1});
  links.finish_turn(now);
  Envelope envelope{"g", {Incarnation{2}, 1}, {Incarnation{1}, 1}};
  envelope.echo = 1;
  envelope.kind = FrameKind::hello;
  InFrame hello{"g", Channel::talk, {}};
  encode(envelope, hello.bytes);
  encode(Hello{peer, true, 1, true}, hello.bytes);
  links.receive(now, hello);
  links.finish_turn(now);
  MUSTER_CHECK(links.up("g"));
  while (input.size() >= 2) {
    const auto high = static_cast<uint8_t>(input[0]), low = static_cast<uint8_t>(input[1]);
    const size_t size = std::min<size_t>(input.size() - 2, high * 256u + low);
    InFrame frame{"g", high % 2 ? Channel::bulk : Channel::talk, {}};
    if (known) {
      envelope.kind = static_cast<FrameKind>(low % 5);
      envelope.last = envelope.first + size / 8;
      encode(envelope, frame.bytes);
      envelope.first = envelope.last + 1;
    }
    frame.bytes.append(input.substr(2, size));
    input.remove_prefix(2 + size);
    links.receive(now, frame);
    links.finish_turn(now);
    while (links.next_event()) {
    }
    links.take_effects();
  }
  links.tick({now.mono + std::chrono::seconds(1), {}});
  links.finish_turn(now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const BytesView input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      fuzz_message(input);
      break;
    case 1:
      fuzz_row(input);
      break;
    case 2:
      fuzz_frames(input, false);
      break;
    case 3:
      fuzz_frames(input, true);
      break;
  }
  return 0;
}
