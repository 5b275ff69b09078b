#include "core/wire/messages.hpp"

namespace muster::wire {

void own(Publication& publication) {
  const auto buffer = std::make_shared_for_overwrite<char[]>(publication.bytes());
  char* at = buffer.get();
  for (Slice* text : {&publication.topic, &publication.payload, &publication.properties,
                      &publication.publisher}) {
    const BytesView copy{at, text->view().copy(at, text->size())};
    *text = Slice(buffer, copy);
    at += copy.size();
  }
}

}  // namespace muster::wire
