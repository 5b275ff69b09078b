#include "core/store/segment.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <libdeflate.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include "core/base/endian.hpp"

namespace muster::store {
namespace {

constexpr uint32_t magic = 0x5247534d;  // "MSGR"
constexpr size_t body_crc_at = 16;
constexpr size_t head_crc_at = 20;
constexpr size_t head_bytes = 24;
constexpr size_t write_head_bytes = 9;  // 'p' or 'r' and two numbers; of 'd' the first 5

template <class Number>
void append_number(Bytes& to, Number number) {
  char bytes[sizeof(Number)];
  put_little_endian(bytes, number);
  to.append(bytes, sizeof bytes);
}

template <class Number>
Number number_at(BytesView from, size_t at) {
  return little_endian_at<Number>(from.data() + at);
}

uint32_t crc_of(BytesView bytes, uint32_t seed = 0) {
  return libdeflate_crc32(seed, bytes.data(), bytes.size());
}

Bytes head_of(uint64_t salt, uint64_t sequence, BytesView body) {
  Bytes salt_bytes;
  append_number(salt_bytes, salt);
  Bytes head;
  append_number(head, magic);
  append_number(head, static_cast<uint32_t>(body.size()));
  append_number(head, sequence);
  append_number(head, crc_of(body));
  append_number(head, crc_of(head, crc_of(salt_bytes)));
  return head;
}

Expected<Done, Error> write_all(int file, BytesView bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return Unexpected{Error{std::generic_category().message(errno)}};
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return Done{};
}

Expected<Bytes, Error> read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  Bytes bytes;
  ssize_t got = file < 0 ? -1 : 1;
  while (got > 0) {
    const size_t before = bytes.size();
    bytes.resize(before + (1 << 20));
    got = ::read(file, bytes.data() + before, bytes.size() - before);
    bytes.resize(before + static_cast<size_t>(got > 0 ? got : 0));
  }
  const int error = errno;
  if (file >= 0) close(file);
  if (got == 0) return bytes;
  return Unexpected{
      Error{fmt::format("cannot read {}: {}", path, std::generic_category().message(error))}};
}

// Takes a body apart.
class BodyReader {
 public:
  explicit BodyReader(BytesView body) : rest_(body) {}

  std::optional<Batch> batch() {
    Batch batch;
    while (!rest_.empty()) {
      const char kind = take(1).front();
      const size_t key_size = number();
      const uint32_t second = kind == 'd' ? 1 : number();
      if (bad_ || (kind != 'p' && kind != 'd' && kind != 'r')) return std::nullopt;
      const BytesView key = take(key_size);
      const BytesView value = take(kind == 'p' ? second : 0);
      if (bad_ || (kind == 'r' && !counts(key, second))) return std::nullopt;
      if (kind == 'p') {
        batch.put(key, value);
      } else {
        batch.erase(key, second);
      }
    }
    return batch;
  }

 private:
  static bool counts(BytesView key, uint32_t count) {
    return count > 0 && key.size() >= sizeof(uint64_t);
  }
  uint32_t number() {
    const BytesView bytes = take(sizeof(uint32_t));
    return bad_ ? 0 : number_at<uint32_t>(bytes, 0);
  }
  BytesView take(size_t size) {
    bad_ |= size > rest_.size();
    if (bad_) return {};
    const BytesView taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  BytesView rest_;
  bool bad_ = false;
};

struct Record {
  uint64_t sequence = 0;
  size_t size = 0;  // with its head
  Batch batch;
};

// The record that begins here. None: there is no whole one; `cut`: the end of the file is why.
std::optional<Record> record_at(BytesView bytes, uint64_t salt, bool& cut) {
  cut = bytes.size() < head_bytes;
  if (cut) return std::nullopt;
  Bytes salt_bytes;
  append_number(salt_bytes, salt);
  const uint32_t head_crc = crc_of(bytes.substr(0, head_crc_at), crc_of(salt_bytes));
  if (number_at<uint32_t>(bytes, 0) != magic) return std::nullopt;
  if (number_at<uint32_t>(bytes, head_crc_at) != head_crc) return std::nullopt;
  const size_t size = number_at<uint32_t>(bytes, 4);
  cut = size > bytes.size() - head_bytes;
  if (cut) return std::nullopt;
  const BytesView body = bytes.substr(head_bytes, size);
  if (crc_of(body) != number_at<uint32_t>(bytes, body_crc_at)) return std::nullopt;
  auto batch = BodyReader(body).batch();
  if (!batch) return std::nullopt;
  return Record{number_at<uint64_t>(bytes, 8), head_bytes + size, std::move(*batch)};
}

// The distance to the next whole record; all of `bytes` if there is none.
size_t distance_to_record(BytesView bytes, uint64_t salt) {
  Bytes begin;
  append_number(begin, magic);
  bool cut = false;
  size_t at = bytes.find(begin, 1);
  while (at != BytesView::npos && !record_at(bytes.substr(at), salt, cut)) {
    at = bytes.find(begin, at + 1);
  }
  return std::min(at, bytes.size());
}

}  // namespace

Expected<Segment, Error> Segment::create(const std::string& path, uint64_t salt) {
  Segment segment;
  segment.path_ = path;
  segment.salt_ = salt;
  segment.file_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (segment.file_ < 0) return segment.failure("create");
  return segment;
}

Segment& Segment::operator=(Segment&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(salt_, other.salt_);
  std::swap(file_, other.file_);
  std::swap(size_, other.size_);
  std::swap(named_, other.named_);
  std::swap(record_, other.record_);
  return *this;
}

Segment::~Segment() {
  if (file_ >= 0) close(file_);
}

Expected<Done, Error> Segment::append(const Batch& batch, uint64_t sequence,
                                      std::vector<Extent>& extents) {
  extents.resize(batch.writes.size());
  record_.assign(head_bytes, '\0');
  record_.reserve(head_bytes + batch.texts.size() + batch.writes.size() * write_head_bytes);
  for (size_t i = 0; i < batch.writes.size(); ++i) {
    const Batch::Write& write = batch.writes[i];
    const BytesView value = batch.value(write);
    const bool run = write.count > 1;
    char head[write_head_bytes] = {!write.deletes ? 'p' : run ? 'r' : 'd'};
    put_little_endian(head + 1, static_cast<uint32_t>(write.key.size));
    put_little_endian(head + 5, run ? write.count : static_cast<uint32_t>(value.size()));
    record_.append(head, write.deletes && !run ? 5 : sizeof head).append(batch.key(write));
    if (write.deletes) continue;
    extents[i] = {size_ + record_.size(), static_cast<uint32_t>(value.size()), crc_of(value)};
    record_.append(value);
  }
  record_.replace(0, head_bytes, head_of(salt_, sequence, BytesView(record_).substr(head_bytes)));
  if (auto written = write_all(file_, record_, size_); !written) {
    const auto error = failure("write");
    // What was written of it would be damage in front of the next one.
    if (ftruncate(file_, static_cast<off_t>(size_)) != 0) return error;
    return error;
  }
  size_ += record_.size();
  if (record_.capacity() > 1 << 20) Bytes().swap(record_);
  return Done{};
}

Expected<Done, Error> Segment::sync() {
  if (fdatasync(file_) != 0) return failure("sync");
  if (named_) return Done{};
  const std::string folder = path_.substr(0, path_.rfind('/'));
  const int opened = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  named_ = opened >= 0 && fsync(opened) == 0;
  const auto error = failure("sync the folder of");
  if (opened >= 0) close(opened);
  if (!named_) return error;
  return Done{};
}

Expected<Bytes, Error> Segment::read(Extent extent) const {
  Bytes bytes(extent.size, '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = pread(file_, bytes.data() + have, bytes.size() - have,
                              static_cast<off_t>(extent.offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failure("read");
    have += static_cast<size_t>(got);
  }
  if (crc_of(bytes) == extent.crc) return bytes;
  return Unexpected{Error{fmt::format("{}: a value is not what was written", path_)}};
}

void Segment::remove() {
  if (file_ < 0) return;
  unlink(path_.c_str());
  close(std::exchange(file_, -1));
}

Unexpected<Error> Segment::failure(const char* what) const {
  return Unexpected{
      Error{fmt::format("cannot {} {}: {}", what, path_, std::generic_category().message(errno))}};
}

Expected<SegmentContent, Error> read_segment(const std::string& path, uint64_t salt,
                                             uint64_t& sequence,
                                             const std::function<void(Batch&)>& apply) {
  auto file = read_file(path);
  if (!file) return Unexpected{file.error()};
  SegmentContent content;
  BytesView rest = *file;
  while (!rest.empty()) {
    bool cut = false;
    auto record = record_at(rest, salt, cut);
    if (!record) {
      const size_t distance = distance_to_record(rest, salt);
      (cut && distance == rest.size() ? content.torn_bytes : content.damaged_bytes) += distance;
      rest.remove_prefix(distance);
      continue;
    }
    if (sequence != 0 && record->sequence > sequence) {
      content.missing += record->sequence - sequence - 1;
    }
    sequence = record->sequence;
    ++content.records;
    apply(record->batch);
    rest.remove_prefix(record->size);
  }
  return content;
}

}  // namespace muster::store
