#pragma once
// Framing, decoding and encoding of MQTT packets: bytes in, values out, and back. Pure functions,
// any thread. Errors are the reason code that the standard names for the fault (malformed_packet
// where it names none). Every rule of form that can be judged from one packet alone is judged here
// (UTF-8, reserved bits, property tables, duplicate properties, topic names and filters, ranges);
// what needs the session (aliases, windows, order of packets) is judged by the broker.

#include <cstddef>
#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/base/expected.hpp"
#include "core/mqtt/packet.hpp"

namespace muster::mqtt {

// What the protocol allows: a Remaining Length of 268,435,455 behind five bytes (2.1.4).
constexpr size_t largest_packet_size = 268'435'460;

// One packet cut from a byte stream: views into the input.
struct Frame {
  PacketType type;
  uint8_t flags;   // low nibble of the first byte
  BytesView body;  // after the fixed header: Remaining Length bytes
  BytesView whole;
};

// Cuts the first packet. An error (Remaining Length ill-formed, packet over `maximum_packet_size`,
// packet type 0) is judged as soon as the fixed header is there. A Frame with an empty `whole`:
// more bytes are needed. `needed`: the packet's whole size when it is known, else 0.
Expected<Frame, Reason> next_frame(BytesView input, size_t maximum_packet_size, size_t& needed);

enum class Sender : uint8_t { client, server };  // who wrote the packet; the other may not send it

// Decodes any packet. CONNECT brings its own version; all others use `version`.
Expected<Packet, Reason> decode(const Frame& frame, Version version, Sender sender);

// The version in which a refused CONNECT wants its answer; 3.1.1 if it cannot be told.
Version connect_version(const Frame& frame);

// The hot path's own door: PUBLISH alone, no variant, no allocation; properties only walked when
// there are any.
struct PublishView {
  BytesView topic;
  BytesView payload;
  BytesView properties;  // raw, validated, without their length; empty in 3.1.1
  Qos qos = Qos::at_most_once;
  bool retain = false;
  bool dup = false;
  bool forwardable = true;  // `properties` hold neither topic alias nor subscription identifier:
                            // they may be copied unchanged to a receiver
  uint16_t packet_id = 0;
  uint16_t topic_alias = 0;              // 0: none
  uint32_t message_expiry = UINT32_MAX;  // s; UINT32_MAX: none
};
Expected<PublishView, Reason> decode_publish(const Frame& frame, Version version,
                                             Sender sender = Sender::client);
// Its two halves: all but what the topic says, and that. Success: it is a topic name.
Expected<PublishView, Reason> read_publish(const Frame& frame, Version version,
                                           Sender sender = Sender::client);
Reason judge_topic(const PublishView& view);

// PublishView::properties as a value, for whoever needs to look into them.
Expected<Properties, Reason> decode_publish_properties(BytesView raw,
                                                       Sender sender = Sender::client);

// PUBACK, PUBREC, PUBREL and PUBCOMP without a variant; properties are validated and skipped.
struct AcknowledgementView {
  uint16_t packet_id = 0;
  Reason reason = Reason::success;
};
Expected<AcknowledgementView, Reason> decode_acknowledgement(const Frame& frame, Version version);

// Appends the packet's bytes. 3.1.1 leaves out what it does not know; what it cannot say at all
// (AUTH, a CONNACK whose reason has no connect_code) appends nothing. Strings of more than 65,535
// bytes and packets of more than 256 MiB are our own mistake.
void encode(const Packet& packet, Version version, Bytes& out);

// Appends a PUBLISH built from parts; `properties` are raw v5 property bytes without length (as in
// PublishView::properties once aliases and identifiers are removed); ignored for 3.1.1. False, and
// nothing appended: the largest packets may not grow by what passing them on adds to them.
bool encode_publish(Version version, BytesView topic, BytesView payload, BytesView properties,
                    Qos qos, bool retain, bool dup, uint16_t packet_id, Bytes& out);
// The same up to the payload, which the caller appends where it wants it.
bool encode_publish_head(Version version, BytesView topic, size_t payload_size,
                         BytesView properties, Qos qos, bool retain, bool dup, uint16_t packet_id,
                         Bytes& out);

// Appends an acknowledgement without properties; `reason` is left out for 3.1.1.
void encode_acknowledgement(Version version, PacketType type, uint16_t packet_id, Reason reason,
                            Bytes& out);

// Raw property bytes without their length, for encode_publish and for storage.
void encode_properties(const Properties& properties, Bytes& out);

// Appends the raw property bytes of a received PUBLISH without topic alias and subscription
// identifiers, which belong to the sender's connection: what is forwarded (3.3.2.3). A Message
// Expiry Interval becomes `message_expiry`, what is left of it (3.3.2-6).
void forwardable_properties(BytesView raw, Bytes& out);
void forwardable_properties(BytesView raw, uint32_t message_expiry, Bytes& out);

// Overwrites the Message Expiry Interval in an encoded MQTT 5 PUBLISH, if it has one.
void restamp_message_expiry(Bytes& publish, uint32_t message_expiry);

bool valid_utf8(BytesView text);            // 1.5.4: no U+0000, no surrogates
bool valid_topic_name(BytesView topic);     // 4.7: non-empty, no wildcards, valid UTF-8
bool valid_topic_filter(BytesView filter);  // 4.7; also of $share/name/filter, 4.8.2

}  // namespace muster::mqtt
