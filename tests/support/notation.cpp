#include "tests/support/notation.hpp"

#include <cctype>

#include "core/base/check.hpp"

namespace muster::support {
namespace {

class Parser {
 public:
  explicit Parser(BytesView text) : text_(text) {}

  // Reads until `closing` or, for 0, until the end.
  Bytes group(char closing) {
    Bytes out;
    while (at_ < text_.size() && text_[at_] != closing) item(out);
    MUSTER_CHECK((at_ < text_.size()) == (closing != 0));
    ++at_;
    return out;
  }

 private:
  void item(Bytes& out) {
    const char c = text_[at_++];
    if (c == ' ') return;
    if (c == '\'') {
      const size_t end = text_.find('\'', at_);
      MUSTER_CHECK(end != BytesView::npos);
      out += text_.substr(at_, end - at_);
      at_ = end + 1;
    } else if (c == '{') {
      const Bytes content = group('}');
      size_t size = content.size();
      do {
        out += static_cast<char>(size % 128 + (size >= 128 ? 128 : 0));
        size /= 128;
      } while (size > 0);
      out += content;
    } else if (c == '[') {
      const Bytes content = group(']');
      out += static_cast<char>(content.size() / 256);
      out += static_cast<char>(content.size() % 256);
      out += content;
    } else {
      MUSTER_CHECK(at_ < text_.size());
      out += static_cast<char>(digit(c) * 16 + digit(text_[at_++]));
    }
  }

  static int digit(char c) {
    MUSTER_CHECK(std::isxdigit(static_cast<unsigned char>(c)) != 0);
    if (c <= '9') return c - '0';
    return std::toupper(static_cast<unsigned char>(c)) - 'A' + 10;
  }

  BytesView text_;
  size_t at_ = 0;
};

}  // namespace

Bytes from_notation(BytesView notation) {
  return Parser(notation).group(0);
}

}  // namespace muster::support
