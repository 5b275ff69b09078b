#pragma once
// Names the calling thread for operators (top -H, gdb). Cut to the 15 characters the kernel keeps.

#include <string>

namespace muster::net {

void name_thread(const std::string& name);

}  // namespace muster::net
