#pragma once
// MUSTER_CHECK: an assertion that is on in every build. It meets our own mistakes; bad input from
// outside meets Expected instead. A failed check prints one line and aborts the process.

namespace muster {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace muster

#define MUSTER_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::muster::check_failed(#condition, __FILE__, __LINE__))
