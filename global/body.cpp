#include "global/body.hpp"

#include <new>
#include <utility>

namespace muster::global {
namespace {

// Gives the one object that it allocates so many bytes more.
template <class T>
struct WithTail {
  using value_type = T;
  size_t tail;

  explicit WithTail(size_t bytes) : tail(bytes) {}
  template <class U>
  WithTail(const WithTail<U>& other) : tail(other.tail) {}
  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T) + tail)); }
  void deallocate(T* memory, size_t) { ::operator delete(memory); }
  bool operator==(const WithTail&) const = default;
};

}  // namespace

std::shared_ptr<Body> make_body(wire::Publication publication) {
  const bool small = publication.bytes() < wire::large_text_bytes;
  const size_t tail = small ? wire::bytes_to_own(publication) : 0;
  auto body = std::allocate_shared<Body>(WithTail<Body>(tail));
  body->publication = std::move(publication);
  if (small) {
    wire::own_at(reinterpret_cast<char*>(body.get() + 1), body->publication);
  } else {
    wire::own(body->publication);
  }
  return body;
}

}  // namespace muster::global
