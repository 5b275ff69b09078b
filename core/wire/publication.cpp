#include "core/wire/item.hpp"
#include "core/wire/messages.hpp"

namespace muster::wire {

Publication borrowed(const Publication& publication) {
  if (publication.bytes() >= large_text_bytes) return publication;
  Publication out;
  out.topic = publication.topic.borrowed();
  out.payload = publication.payload.borrowed();
  out.properties = publication.properties.borrowed();
  out.qos = publication.qos;
  out.retain = publication.retain;
  out.expiry_s = publication.expiry_s;
  out.publisher = publication.publisher.borrowed();
  out.published_ms = publication.published_ms;
  out.durability = publication.durability;
  return out;
}

void own(Publication& publication) {
  const size_t payload = publication.payload.size();
  const bool alone = payload >= large_text_bytes && publication.payload.holds();
  const size_t size = publication.bytes() - (alone ? payload : 0);
  const auto buffer = std::make_shared_for_overwrite<char[]>(size);
  char* at = buffer.get();
  for (Slice* text : {&publication.topic, &publication.payload, &publication.properties,
                      &publication.publisher}) {
    if (alone && text == &publication.payload) continue;
    const BytesView copy{at, text->view().copy(at, text->size())};
    *text = Slice(buffer, copy);
    at += copy.size();
  }
}

}  // namespace muster::wire
