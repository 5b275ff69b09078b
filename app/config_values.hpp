#pragma once
// Values as text: "16MiB", "500ms", "forever", "a,b". The same text is used in flags, in the
// environment, in the table's presets and in messages. Outside input: a problem is a sentence.

#include <optional>
#include <string>
#include <string_view>

#include "app/config_fields.hpp"

namespace muster::app {

constexpr Duration forever = Duration::max();

std::optional<uint64_t> parse_count(std::string_view text);
std::optional<ByteCount> parse_bytes(std::string_view text);    // B, KiB, MiB, GiB, TiB
std::optional<Duration> parse_duration(std::string_view text);  // us ms s min h d, forever

// HOST:PORT or HOST:PORT=LEVEL; none: it says no level.
struct ListenAddress {
  std::string_view address;
  std::optional<std::string_view> level;
};
ListenAddress split_listen(std::string_view text);

// "tcp://HOST:PORT" or "inproc://NAME".
bool is_endpoint(std::string_view text);
// A tcp endpoint that other machines can reach.
bool leaves_the_machine(std::string_view endpoint);

// Puts the text into the field's place, or says what is wrong with it: "expected ..., not ...".
std::optional<std::string> assign(const Field& field, Config& config, std::string_view text);
// What a value of this field looks like, for messages and the generated page.
std::string kind_of(const Field& field);

}  // namespace muster::app
