#pragma once
// A publication as global stores it, in wills, in publications under way and in inbox entries.
// Pure functions, any thread.

#include "core/wire/messages.hpp"
#include "global/record.hpp"

namespace muster::global {

inline void write_publication(Writer& writer, const wire::Publication& publication) {
  writer.text(publication.topic).text(publication.payload).text(publication.properties);
  writer.number(publication.qos).number(publication.retain).number(publication.expiry_s);
  writer.text(publication.publisher).integer(publication.published_ms);
}

inline wire::Publication read_publication(Reader& reader) {
  const auto text = [&] { return Slice(SharedBuffer(), reader.text()); };  // until own()
  wire::Publication publication;
  publication.topic = text();
  publication.payload = text();
  publication.properties = text();
  publication.qos = static_cast<uint8_t>(reader.number());
  publication.retain = reader.number() != 0;
  publication.expiry_s = static_cast<uint32_t>(reader.number());
  publication.publisher = text();
  publication.published_ms = reader.integer();
  wire::own(publication);
  return publication;
}

}  // namespace muster::global
