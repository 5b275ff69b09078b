#include <utility>

#include "core/wire/item.hpp"
#include "core/wire/messages.hpp"

namespace muster::wire {

void borrow(const Publication& from, Publication& to) {
  if (from.bytes() >= large_text_bytes) {
    to = from;
    return;
  }
  to.topic = from.topic.borrowed();
  to.payload = from.payload.borrowed();
  to.properties = from.properties.borrowed();
  to.qos = from.qos;
  to.retain = from.retain;
  to.expiry_s = from.expiry_s;
  to.publisher = from.publisher.borrowed();
  to.published_ms = from.published_ms;
  to.durability = from.durability;
  to.encoded = from.encoded;
}

namespace {

bool payload_stays(const Publication& publication) {
  return publication.payload.size() >= large_text_bytes && publication.payload.holds();
}

}  // namespace

size_t bytes_to_own(const Publication& publication) {
  if (!publication.encoded.bytes.empty()) return publication.encoded.bytes.size();
  const size_t all = publication.bytes();
  return payload_stays(publication) ? all - publication.payload.size() : all;
}

void own_at(char* memory, Publication& publication) {
  const auto held = std::exchange(publication.texts, nullptr);  // what is copied from
  if (BytesView& encoded = publication.encoded.bytes; !encoded.empty()) {
    encoded.copy(memory, encoded.size());
    for (Slice* text : {&publication.topic, &publication.payload, &publication.properties,
                        &publication.publisher}) {
      const auto at = text->empty() ? 0 : text->data() - encoded.data();
      *text = Slice(SharedBuffer(), BytesView(memory + at, text->size()));
    }
    encoded = {memory, encoded.size()};
    return;
  }
  const bool stays = payload_stays(publication);
  for (Slice* text : {&publication.topic, &publication.payload, &publication.properties,
                      &publication.publisher}) {
    if (stays && text == &publication.payload) continue;
    const BytesView copy{memory, text->view().copy(memory, text->size())};
    *text = Slice(SharedBuffer(), copy);
    memory += copy.size();
  }
}

void own(Publication& publication) {
  auto buffer = std::make_shared_for_overwrite<char[]>(bytes_to_own(publication));
  own_at(buffer.get(), publication);
  publication.texts = std::move(buffer);
}

void own(PublishRun& run) {
  run.packets = Slice(run.packets.view());
  run.publisher = Slice(run.publisher.view());
}

void own(DeliverRun& run) {
  run.packets = Slice(run.packets.view());
}

}  // namespace muster::wire
