#include "broker/node_watch.hpp"

#include <algorithm>
#include <utility>

#include "broker/node_snapshot.hpp"

namespace muster::broker {

NodeWatch::NodeWatch(NodeDesk& desk, NodeServers& servers, uint64_t number, std::string user)
    : desk_(desk), servers_(servers), number_(number), user_(std::move(user)) {}

void NodeWatch::place(Position at) {
  placed_ = true;
  at_ = at;
  parts_.clear();
  parts_.push_back({0, {}, SlotSet{}.set(), at, {}});
  cover();
}

void NodeWatch::close() {
  for (const Part& part : parts_) {
    if (!part.server.empty()) desk_.links.stream(part.server, wire::WatchClose{part.number});
  }
  parts_.clear();
  placed_ = false;
}

void NodeWatch::cover() {
  std::vector<Part> parts;
  for (Part& part : parts_) {
    if (!part.server.empty()) {
      parts.push_back(std::move(part));
      continue;
    }
    SlotSet left = part.slots;
    for (NodeServers::Share& share : servers_.cover(part.slots)) {
      left &= ~share.slots;
      parts.push_back({0, std::move(share.server), share.slots, part.at, part.beyond});
      open(parts.back());
    }
    if (left.any()) parts.push_back({0, {}, left, part.at, std::move(part.beyond)});
  }
  parts_ = std::move(parts);
}

void NodeWatch::open(Part& part) {
  part.number = number_ * parts_max + next_part_++ % parts_max;
  wire::WatchOpen message;
  message.watch = part.number;
  message.where = presence_conditions(user_);
  message.resume = part.at;
  if (!part.slots.all()) {
    for (uint16_t slot = 0; slot < slot_count; ++slot) {
      if (part.slots.test(slot)) message.slots.push_back(slot);
    }
  }
  ++desk_.counters.watches_opened;
  desk_.links.stream(part.server, message);
}

void NodeWatch::server_down(const std::string& server) {
  for (Part& part : parts_) {
    if (part.server != server) continue;
    desk_.links.stream(server, wire::WatchClose{part.number});  // should it return as it was
    part.server.clear();
  }
  cover();
}

NodeWatch::Verdict NodeWatch::rows(const std::string& server, const wire::WatchRows& rows) {
  const auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& it) {
    return it.server == server && it.number == rows.watch;
  });
  if (part == parts_.end()) return Verdict::stale;
  if (rows.kind == wire::WatchKind::reset) return Verdict::reset;
  // Of a watch that resumed there is no snapshot, so this is a server that takes no more watches.
  if (rows.kind == wire::WatchKind::snapshot_end) return Verdict::refused;
  if (rows.kind != wire::WatchKind::change) return Verdict::stale;
  std::erase_if(part->beyond, [&](const auto& told) { return told.second <= part->at.number; });
  part->at = std::max(part->at, rows.at);  // these rows are still compared with the others
  at_ = std::max(at_, rows.at);
  return Verdict::changes;
}

bool NodeWatch::is_news(uint64_t part, const std::string& device, uint64_t number) {
  for (Part& one : parts_) {
    if (one.number != part) continue;
    const auto told = one.beyond.find(device);
    if (told != one.beyond.end() && number <= told->second) return false;
    if (number <= one.at.number) return true;
    if (told != one.beyond.end()) {
      told->second = number;
    } else if (one.beyond.size() < desk_.options.presence_backlog_rows) {
      one.beyond.emplace(device, number);
    }
  }
  return true;
}

}  // namespace muster::broker
