#include "core/net/thread_name.hpp"

#include <pthread.h>

namespace muster::net {

void name_thread(const std::string& name) {
  constexpr size_t longest = 15;
  pthread_setname_np(pthread_self(), name.substr(0, longest).c_str());
}

}  // namespace muster::net
