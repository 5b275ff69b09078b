#include "core/wire/stream_out.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/wire/codec.hpp"
#include "core/wire/items.hpp"

namespace muster::wire {
namespace {

constexpr size_t spare_limit = 2;
constexpr int backoff_limit = 8;  // times `resend`

// Routes, acknowledgements and claims never consume credit: only what carries payloads or rows.
bool consumes_credit(const Message& message) {
  return std::holds_alternative<Publish>(message) || std::holds_alternative<PublishRun>(message) ||
         std::holds_alternative<Deliver>(message) || std::holds_alternative<DeliverRun>(message) ||
         std::holds_alternative<WatchRows>(message) || std::holds_alternative<Retained>(message);
}

// What is not encoded at once must hold its texts: small publications may be borrowed.
std::shared_ptr<const Message> kept(const Message& message) {
  auto copy = std::make_shared<Message>(message);
  if (auto* publish = std::get_if<Publish>(copy.get())) {
    if (publish->publication.bytes() < large_text_bytes) own(publish->publication);
  }
  if (auto* deliver = std::get_if<Deliver>(copy.get())) {
    for (InboxEntry& entry : deliver->entries) {
      if (entry.publication.bytes() < large_text_bytes) own(entry.publication);
    }
  }
  if (auto* run = std::get_if<PublishRun>(copy.get())) own(*run);
  if (auto* run = std::get_if<DeliverRun>(copy.get())) own(*run);
  return copy;
}

}  // namespace

StreamOut::Batch& StreamOut::open_batch() {
  const bool open = !batches_.empty() && batches_.back().first > sent_ && !batches_.back().item &&
                    batches_.back().batch.size() < parcel_limit;
  if (!open) {
    Batch& batch = batches_.emplace_back();
    batch.first = last_ + 1;
    if (!spare_.empty()) {
      batch.batch = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  return batches_.back();
}

uint64_t StreamOut::add(const Message& message) {
  const bool credit = consumes_credit(message);
  if (credit && payload_bytes(message) > parcel_limit) {
    return add_pieces(kept(message));
  }
  Batch& batch = open_batch();
  const size_t before = batch.batch.size();
  encode(message, batch.batch);
  const size_t size = batch.batch.size() - before;
  if (size > parcel_limit) {
    batch.batch.resize(before);
    if (before == 0) batches_.pop_back();
    return add_pieces(kept(message));
  }
  batch.last = ++last_;
  waiting_bytes_ += size;
  if (credit) {
    batch.credit_bytes += size;
    credit_bytes_ += size;
  }
  return last_;
}

uint64_t StreamOut::add_pieces(std::shared_ptr<const Message> message) {
  const bool credit = consumes_credit(*message);
  for (Parcel& parcel : cut(message)) {
    Batch& batch = batches_.emplace_back();
    static_cast<Parcel&>(batch) = std::move(parcel);
    batch.first = batch.last = ++last_;
    waiting_bytes_ += batch.size();
    if (credit) batch.credit_bytes = batch.size();
    credit_bytes_ += batch.credit_bytes;
  }
  return last_;
}

bool StreamOut::progress(uint64_t taken, uint64_t seen, Instant now) {
  if (taken > seen || seen > sent_) return false;  // not of this stream as we know it
  const size_t seen_before = seen_count_;
  see(seen);
  bool moved = seen_count_ != seen_before;
  const bool risen = taken > acknowledged_;
  if (risen) {
    moved = true;
    acknowledged_ = taken;
    while (!batches_.empty() && batches_.front().last <= taken) pop_front();
  }
  if (moved) {
    moved_at_ = now;
    backoff_ = resend_;
    probing_ = false;
  }
  return risen;
}

void StreamOut::see(uint64_t seen) {
  while (seen_count_ < batches_.size() && batches_[seen_count_].last <= seen) {
    if (seen_count_ < sent_count_) {
      flight_bytes_ -= batches_[seen_count_].size();
    } else {
      ++sent_count_;  // seen from an earlier sending
    }
    ++seen_count_;
  }
}

void StreamOut::pop_front() {
  Batch& batch = batches_.front();
  MUSTER_CHECK(seen_count_ > 0);
  waiting_bytes_ -= batch.size();
  credit_bytes_ -= batch.credit_bytes;
  if (spare_.size() < spare_limit && !batch.item && batch.batch.capacity() <= 2 * parcel_limit) {
    batch.batch.clear();
    spare_.push_back(std::move(batch.batch));
  }
  batches_.pop_front();
  --seen_count_;
  --sent_count_;
}

void StreamOut::rewind(uint64_t seen) {
  seen_count_ = sent_count_ = 0;
  flight_bytes_ = 0;
  see(std::min(seen, sent_));
  // The peer's bulk connection may come a moment after its hello: try again soon at first.
  backoff_ = resend_ / 8;
  probing_ = false;
}

std::deque<StreamOut::Batch> StreamOut::drop() {
  seen_count_ = sent_count_ = flight_bytes_ = waiting_bytes_ = credit_bytes_ = 0;
  acknowledged_ = sent_ = last_;
  return std::exchange(batches_, {});
}

void StreamOut::restart(uint64_t number) {
  last_ = number;
  drop();
}

const StreamOut::Batch* StreamOut::next(Instant now) {
  if (sent_count_ == batches_.size()) return nullptr;
  const size_t frames = sent_count_ - seen_count_;
  if (frames >= (probing_ ? 1 : flight_limit_frames)) return nullptr;
  Batch& batch = batches_[sent_count_];
  if (frames > 0 && flight_bytes_ + batch.size() > flight_limit_bytes) return nullptr;
  if (frames == 0) moved_at_ = now;
  ++sent_count_;
  flight_bytes_ += batch.size();
  sent_ = std::max(sent_, batch.last);
  return &batch;
}

void StreamOut::tick(Instant now) {
  if (now < wake()) return;
  sent_count_ = seen_count_;
  flight_bytes_ = 0;
  probing_ = true;
  moved_at_ = now;
  backoff_ = std::min(backoff_ * 2, resend_ * backoff_limit);
}

Instant StreamOut::wake() const {
  return sent_count_ > seen_count_ ? moved_at_ + backoff_ : never;
}

}  // namespace muster::wire
