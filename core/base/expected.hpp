#pragma once
// Expected<T, E>: a value or the reason why there is none. Everything that comes from outside
// (bytes, files, configuration) is returned this way. Reading the wrong side is our own mistake.

#include <utility>
#include <variant>

#include "core/base/check.hpp"

namespace muster {

template <class E>
struct Unexpected {
  E error;
};

template <class E>
Unexpected(E) -> Unexpected<E>;

template <class T, class E>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  template <class F>
  Expected(Unexpected<F> bad) : state_(std::in_place_index<1>, std::move(bad.error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    MUSTER_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    MUSTER_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const {
    MUSTER_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

struct Done {};  // The value of an operation that only succeeds.

}  // namespace muster
