#pragma once
// The parts that decode() is put together from. `Reader` stands at the start of the packet's body;
// a fault is left in it. For the codec only.

#include "core/mqtt/property_table.hpp"
#include "core/mqtt/reader.hpp"

namespace muster::mqtt {

// Reads a property section, length included.
void read_properties(Reader& body, Carriers carrier, Sender sender, Properties& into);

// Parses raw property bytes; success or the first fault.
Reason parse_properties(BytesView raw, Carriers carrier, Sender sender, Properties& into);

// Reads a packet identifier, which is never 0 (2.2.1-3).
uint16_t read_packet_id(Reader& body);

// Reads one reason code that `packet` may carry.
Reason read_reason(Reader& body, PacketType packet);

Connect read_connect(Reader& body);
Connack read_connack(Reader& body, Version version);
Acknowledgement read_acknowledgement(Reader& body, PacketType type, Version version, Sender sender);
Subscribe read_subscribe(Reader& body, Version version);
Suback read_suback(Reader& body, Version version);
Unsubscribe read_unsubscribe(Reader& body, Version version);
Unsuback read_unsuback(Reader& body, Version version);
Disconnect read_disconnect(Reader& body, Version version, Sender sender);
Auth read_auth(Reader& body, Sender sender);

}  // namespace muster::mqtt
