#pragma once
// A member that most of its owners never use: a pointer until something is put into it. A value of
// its owner.

#include <memory>
#include <utility>

namespace muster {

template <class T>
class Lazy {
 public:
  const T& operator*() const {
    static const T none;
    return value_ ? *value_ : none;
  }
  const T* operator->() const { return &**this; }
  T& make() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  T take() {
    T taken = value_ ? std::move(*value_) : T();
    value_.reset();
    return taken;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace muster
