// Writes the packet gallery for others:
//   gallery_export json          one array on stdout: name, version, sender, hex, and the reason
//                                code of a refusal (null for a good packet) - for end-to-end tests
//   gallery_export cuts          the same for the good rows with their bodies cut short
//   gallery_export corpus DIR    one file of bytes for each row - seeds for mqtt_packet_fuzz

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/support/gallery.hpp"

namespace muster::support {
namespace {

Bytes hex(BytesView bytes) {
  constexpr char digits[] = "0123456789abcdef";
  Bytes text;
  for (const char c : bytes) {
    text += digits[static_cast<uint8_t>(c) >> 4];
    text += digits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

// Names are ours: printable, without quotes and backslashes.
int write_json(const std::vector<GalleryRow>& rows) {
  const char* separator = "[\n";
  for (const GalleryRow& row : rows) {
    const char* sender = row.sender == mqtt::Sender::client ? "client" : "server";
    std::printf(
        "%s{\"name\":\"%s\",\"version\":%d,\"sender\":\"%s\",\"hex\":\"%s\",\"reason\":", separator,
        row.name.c_str(), static_cast<int>(row.version), sender, hex(row.bytes).c_str());
    const bool good = row.reason == mqtt::Reason::success;
    good ? std::printf("null}") : std::printf("%d}", static_cast<int>(row.reason));
    separator = ",\n";
  }
  std::printf("\n]\n");
  return 0;
}

std::vector<GalleryRow> all_cuts() {
  std::vector<GalleryRow> rows;
  for (const GalleryRow& row : gallery()) {
    for (GalleryRow& cut : cuts(row)) rows.push_back(std::move(cut));
  }
  return rows;
}

int write_corpus(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const GalleryRow& row : gallery()) {
    char name[16];
    std::snprintf(name, sizeof name, "row-%04d", number++);
    std::ofstream file(folder / name, std::ios::binary);
    file << row.bytes;
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", (folder / name).c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace muster::support

int main(int count, char** arguments) {
  const muster::BytesView mode = count > 1 ? arguments[1] : "";
  if (mode == "json" && count == 2) {
    return muster::support::write_json(muster::support::gallery());
  }
  if (mode == "cuts" && count == 2) {
    return muster::support::write_json(muster::support::all_cuts());
  }
  if (mode == "corpus" && count == 3) return muster::support::write_corpus(arguments[2]);
  std::fprintf(stderr, "usage: gallery_export json | cuts | corpus DIR\n");
  return 2;
}
