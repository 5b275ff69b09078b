#pragma once
// Byte strings. Sockets, ZeroMQ, MessagePack and LevelDB all speak char, so ours do too.
// A BytesView never owns: it lives as long as the buffer it was cut from.

#include <string>
#include <string_view>

namespace muster {

using Bytes = std::string;
using BytesView = std::string_view;

}  // namespace muster
