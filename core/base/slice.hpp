#pragma once
// A piece of an immutable buffer: a text that came in a frame and is handed on, from server to
// server and thread to thread, without being copied. Whoever holds a piece keeps the whole buffer;
// what is kept for long is copied out (own(), or one buffer for several texts). A value: copying it
// counts, any thread.

#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>

#include "core/base/bytes.hpp"

namespace muster {

using SharedBuffer = std::shared_ptr<const Bytes>;

class Slice {
 public:
  Slice() = default;
  Slice(Bytes&& text) {  // the buffer is the text's own
    if (text.empty()) return;
    const auto buffer = std::make_shared<const Bytes>(std::move(text));
    *this = Slice(buffer, *buffer);
  }
  template <class Text>
  requires(std::convertible_to<const Text&, BytesView> && !std::same_as<Text, Slice>)
      Slice(const Text& text)
      : Slice(copy(BytesView(text))) {}
  // `part` lies in what `owner` owns.
  template <class Owner>
  Slice(const std::shared_ptr<Owner>& owner, BytesView part) : size_(part.size()) {
    if (size_ > 0) bytes_ = std::shared_ptr<const char>(owner, part.data());
  }

  operator BytesView() const { return view(); }
  BytesView view() const { return {bytes_.get(), size_}; }
  const char* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { *this = {}; }
  bool holds() const { return bytes_.use_count() > 0; }  // not borrowed

  // Another piece of the same buffer.
  Slice part(BytesView part) const { return {bytes_, part}; }
  // The same piece without holding its buffer, which somebody else does for so long.
  Slice borrowed() const { return {SharedBuffer(), view()}; }

  bool operator==(const Slice& other) const { return view() == other.view(); }
  template <class Text>
  requires(std::convertible_to<const Text&, BytesView> && !std::same_as<Text, Slice>) bool
  operator==(const Text& other) const {
    return view() == BytesView(other);
  }

 private:
  static Slice copy(BytesView text) {
    if (text.empty()) return {};
    const auto buffer = std::make_shared_for_overwrite<char[]>(text.size());
    text.copy(buffer.get(), text.size());
    return {buffer, {buffer.get(), text.size()}};
  }

  std::shared_ptr<const char> bytes_;
  size_t size_ = 0;
};

}  // namespace muster
