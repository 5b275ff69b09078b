#include "tests/sim/tap.hpp"

#include "core/mqtt/plain_packet.hpp"

namespace muster::sim {
namespace {

std::string words(const wire::TaskId& id) {
  return fmt::format("{:04x}.{}", static_cast<uint64_t>(id.asker) & 0xFFFF, id.number);
}

std::string words(BytesView payload) {
  return std::string(payload.substr(0, payload.find(':')));
}

std::string words(const wire::Publication& publication) {
  return words(publication.payload.view());
}

std::string rows(const std::vector<wire::AnswerRow>& rows) {
  std::string out;
  for (const wire::AnswerRow& row : rows) {
    out += fmt::format(" {}={}/{}", row.device.device, wire::to_string(row.status),
                       static_cast<uint64_t>(row.device.term));
  }
  return out;
}

struct Describe {
  std::string operator()(const wire::AskTask& m) const {
    const wire::Query& query = m.task.query;
    return fmt::format("asks {} kind {} priority {} devices {} after '{}'{}", words(m.task.id),
                       static_cast<int>(query.kind), static_cast<int>(m.task.priority),
                       fmt::format("{}", fmt::join(query.devices, ",")), query.after,
                       m.task.redirected ? " redirected" : "");
  }
  std::string operator()(const wire::TaskAnswer& m) const {
    return fmt::format("answers {} {} as of {}.{}{}", words(m.answer.id),
                       wire::to_string(m.answer.outcome), m.answer.as_of.era, m.answer.as_of.number,
                       rows(m.answer.rows));
  }
  std::string operator()(const wire::WatchOpen& m) const {
    return fmt::format("opens watch {} from {}.{}", m.watch, m.resume ? m.resume->era : 0,
                       m.resume ? m.resume->number : 0);
  }
  std::string operator()(const wire::WatchClose& m) const {
    return fmt::format("closes watch {}", m.watch);
  }
  std::string operator()(const wire::WatchRows& m) const {
    return fmt::format("watch {} kind {} at {}.{}{}", m.watch, static_cast<int>(m.kind), m.at.era,
                       m.at.number, rows(m.rows));
  }
  std::string operator()(const wire::Delta& m) const {
    std::string out = m.resumed ? "delta, resumed" : "delta";
    for (const wire::LogEntry& entry : m.entries) out += fmt::format(" {}", entry.number);
    return out;
  }
  std::string operator()(const wire::SnapshotPage& m) const {
    return fmt::format("snapshot page {}{} at {}.{}, {} entries", m.page, m.last ? " last" : "",
                       m.at.era, m.at.number, m.entries.size());
  }
  std::string operator()(const wire::ReplicaAsk& m) const {
    return fmt::format("asks for the log after {}.{}", m.have.era, m.have.number);
  }
  std::string operator()(const wire::Directory& m) const {
    return fmt::format("directory {}, {} nodes", m.version, m.nodes.size());
  }
  std::string operator()(const wire::Claim& m) const {
    return fmt::format("claims {} serial {:x} term {} since {} us{}{}{}", m.client_id,
                       static_cast<uint64_t>(m.serial), static_cast<uint64_t>(m.term),
                       m.connected_us, m.persistent ? " persistent" : "",
                       m.clean_start ? " clean" : "", m.will ? " with will" : "");
  }
  std::string operator()(const wire::ClaimsBegin&) const { return "begins to list claims"; }
  std::string operator()(const wire::ClaimsEnd&) const { return "has listed its claims"; }
  std::string operator()(const wire::Gone& m) const {
    return fmt::format("{} serial {:x} term {} has gone: {}", m.client_id,
                       static_cast<uint64_t>(m.serial), static_cast<uint64_t>(m.term),
                       wire::to_string(m.reason));
  }
  std::string operator()(const wire::Grant& m) const {
    return fmt::format("grants {} serial {:x} term {}{}, {} subscriptions", m.client_id,
                       static_cast<uint64_t>(m.serial), static_cast<uint64_t>(m.term),
                       m.session_present ? ", session present" : "", m.subscriptions.size());
  }
  std::string operator()(const wire::GrantPage& m) const {
    return fmt::format("will grant {} serial {:x}: {} subscriptions first", m.client_id,
                       static_cast<uint64_t>(m.serial), m.subscriptions.size());
  }
  std::string operator()(const wire::Refused& m) const {
    return fmt::format("refuses {} serial {:x}", m.client_id, static_cast<uint64_t>(m.serial));
  }
  std::string operator()(const wire::Evict& m) const {
    return fmt::format("evicts {} serial {:x}", m.client_id, static_cast<uint64_t>(m.serial));
  }
  std::string operator()(const wire::SubscribeSession& m) const {
    std::string out = fmt::format("subscribes {} term {} request {}", m.client_id,
                                  static_cast<uint64_t>(m.term), m.request);
    for (const wire::Subscription& one : m.subscriptions) out += fmt::format(" {}", one.filter);
    return out;
  }
  std::string operator()(const wire::UnsubscribeSession& m) const {
    return fmt::format("unsubscribes {} term {} request {} {}", m.client_id,
                       static_cast<uint64_t>(m.term), m.request,
                       fmt::format("{}", fmt::join(m.filters, " ")));
  }
  std::string operator()(const wire::SubscribeDone& m) const {
    return fmt::format("has subscribed {} request {}", m.client_id, m.request);
  }
  std::string operator()(const wire::InboxAck& m) const {
    std::string out = fmt::format("acknowledges {} term {}: {}", m.client_id,
                                  static_cast<uint64_t>(m.term), fmt::join(m.numbers, " "));
    if (!m.received.empty()) out += fmt::format("; received {}", fmt::join(m.received, " "));
    return out;
  }
  std::string operator()(const wire::InboxReleased& m) const {
    return fmt::format("has stored what {} received: {}", m.client_id, fmt::join(m.numbers, " "));
  }
  std::string operator()(const wire::PublishReleased& m) const {
    return fmt::format("{} term {} releases id {}", m.client_id, static_cast<uint64_t>(m.term),
                       m.packet_id);
  }
  std::string operator()(const wire::Deliver& m) const {
    std::string out =
        fmt::format("delivers {} term {}:", m.client_id, static_cast<uint64_t>(m.term));
    for (const wire::InboxEntry& entry : m.entries) {
      out += fmt::format(" {}={}{}", entry.number, words(entry.publication),
                         entry.released     ? " released"
                         : entry.redelivery ? " dup"
                                            : "");
    }
    return out;
  }
  std::string operator()(const wire::PublishRun& m) const {
    std::string out = "publishes a run of";
    const auto version = mqtt::version_of(m.v5);
    mqtt::for_each_plain(m.packets, version, [&](BytesView whole, const auto& packet) {
      out += fmt::format(" {} {}", words(packet.payload_of(whole)), packet.topic);
    });
    return out;
  }
  std::string operator()(const wire::DeliverRun& m) const {
    std::string out =
        fmt::format("delivers {} term {} a run:", m.client_id, static_cast<uint64_t>(m.term));
    uint64_t number = m.number;
    const auto version = mqtt::version_of(m.v5);
    mqtt::for_each_plain(m.packets, version, [&](BytesView whole, const auto& packet) {
      out += fmt::format(" {}={}", number++, words(packet.payload_of(whole)));
    });
    return out;
  }
  std::string operator()(const wire::Publish& m) const {
    std::string out = fmt::format("publishes {} {} qos {}", words(m.publication),
                                  m.publication.topic.view(), m.publication.qos);
    if (m.will != 0) out += fmt::format(" will {}", m.will);
    if (m.retained != 0) out += fmt::format(" retained {}", m.retained);
    if (m.way != wire::ShareWay::none) {
      out += fmt::format(" way {} {}", static_cast<int>(m.way), m.share);
    }
    return out;
  }
  std::string operator()(const wire::Routes& m) const {
    std::string out = fmt::format("routes {}{} +{} -{}", m.number, m.snapshot ? " snapshot" : "",
                                  fmt::format("{}", fmt::join(m.added, " ")),
                                  fmt::format("{}", fmt::join(m.removed, " ")));
    for (const wire::GroupRoute& group : m.groups) {
      out += fmt::format(" {}={}/{}/{}", group.name, group.members, group.members_qos0, group.away);
    }
    return out;
  }
  std::string operator()(const wire::RoutesTaken& m) const {
    return fmt::format("has taken routes {} retained {}", m.number, m.retained);
  }
  std::string operator()(const wire::Retained& m) const {
    static constexpr const char* kinds[] = {"begins", "page", "ends", "change"};
    std::string out =
        fmt::format("retained {} counter {}:", kinds[static_cast<size_t>(m.kind)], m.counter);
    for (const wire::RetainedEntry& entry : m.entries) {
      out += fmt::format(" {}={}/{}", entry.publication.topic.view(), words(entry.publication),
                         entry.counter);
    }
    return out;
  }
  std::string operator()(const wire::RetainedSync& m) const {
    std::string out = fmt::format("wants retained {}:", m.request);
    for (const auto& [broker, counter] : m.marks) {
      out += fmt::format(" {:x}={}", static_cast<uint64_t>(broker), counter);
    }
    return out;
  }
  std::string operator()(const wire::RetainedSynced& m) const {
    return fmt::format("has told retained {}", m.request);
  }
  std::string operator()(const wire::LeaseGrant& m) const {
    return fmt::format("grants the lease {}", m.request);
  }
  std::string operator()(const wire::Deposed& m) const {
    return fmt::format("deposed, taken {}", m.taken);
  }
  std::string operator()(const auto&) const { return {}; }
};

}  // namespace

void Tap::describe(const std::string& from, const std::string& to, const wire::Message& message) {
  const std::string text = std::visit(Describe{}, message);
  if (!text.empty()) {
    context_.trace.comment(context_.now(), fmt::format("{} -> {}: {}", from, to, text));
  }
}

void Tap::listen(Network& network) {
  network.set_taps([this](const std::string& from, const std::string& to, wire::Channel,
                          const Bytes& bytes) { frame(&Checker::sent, from, to, bytes); },
                   [this](const std::string& from, const std::string& to, wire::Channel,
                          const Bytes& bytes) { frame(&Checker::arrived, from, to, bytes); });
}

void Tap::count(const std::string& from, const wire::Message& message) {
  if (from == "control" && std::holds_alternative<wire::AskTask>(message)) ++seen_.redirects;
  if (std::holds_alternative<wire::Deposed>(message)) ++seen_.deposed;
}

void Tap::frame(Hook hook, const std::string& from, const std::string& to, BytesView bytes) {
  const auto interesting = [](const std::string& name) { return name[0] != 'b'; };
  const bool checked = interesting(from) || interesting(to);
  const bool told = context_.trace.read() && hook == &Checker::arrived;
  if (!checked && !told) return;
  wire::Envelope envelope;
  size_t offset = 0;
  if (!wire::read(bytes, offset, envelope)) {
    throw Violation("well_formed", fmt::format("a frame of {} has no envelope", from));
  }
  if (envelope.kind != wire::FrameKind::messages && envelope.kind != wire::FrameKind::stream)
    return;
  const auto frame = std::make_shared<const Bytes>(bytes);
  while (offset < frame->size()) {
    wire::Message message;
    const auto result = items_.next(frame, offset, message);
    if (result == wire::ItemReader::Result::malformed) {
      throw Violation("well_formed", fmt::format("a frame of {} is malformed", from));
    }
    if (result != wire::ItemReader::Result::message) continue;
    if (told) describe(from, to, message);
    if (hook == &Checker::sent) count(from, message);
    if (checked) checkers_.tell(hook, from, to, message);
  }
}

}  // namespace muster::sim
