#include "tests/sim/device.hpp"

namespace muster::sim {

Device::Device(Context& context, Ledger& ledger, Checkers& checkers, Cluster& cluster,
               Profile profile, uint32_t index)
    : context_(context),
      ledger_(ledger),
      checkers_(checkers),
      cluster_(cluster),
      profile_(std::move(profile)),
      index_(index),
      random_(context.random.fork()) {
  ledger_.device_names.push_back(profile_.id);
}

// The session that this CONNECT is about, by what the device knows.
uint32_t Device::join_session(bool persistent, bool clean_start) {
  const bool resumes = session_ && ledger_.sessions[*session_].persistent && !clean_start;
  if (session_ && !(persistent && resumes)) {
    Session& old = ledger_.sessions[*session_];
    if (old.ended == never) old.ended = context_.now();
    session_.reset();
  }
  if (!session_) {
    Session session;
    session.id = static_cast<uint32_t>(ledger_.sessions.size());
    session.device = index_;
    session.persistent = persistent;
    // It may resume what a connection left that its broker still believes to be alive.
    session.doubtful = !persistent && !clean_start;
    // Or what a clean connection was to discard, at a broker that could not tell global yet.
    session.doubtful |= persistent && !clean_start && discarded_unheard();
    session.expiry_s = persistent ? profile_.expiry_s : 0;
    ledger_.sessions.push_back(session);
    session_ = session.id;
  }
  return *session_;
}

bool Device::discarded_unheard() const {
  for (auto it = ledger_.connections.rbegin(); it != ledger_.connections.rend(); ++it) {
    if (it->device != index_) continue;
    if (it->persistent && it->accepted != never) return false;
    const bool told = it->dialled + seconds(1) < context_.now() &&
                      ledger_.calm(it->dialled - seconds(3), context_.now());
    if (!it->persistent && it->clean_start && !told) return true;
  }
  return false;
}

void Device::connect(bool clean_start) {
  const bool home = !profile_.home.empty() && !random_.percent(20);
  connect_to(home ? profile_.home : random_.pick(Cluster::brokers()), clean_start);
}

void Device::connect_to(const std::string& broker, bool clean_start) {
  BrokerProcess* process = cluster_.broker(broker);
  if (!process) {  // connection refused
    act_later(random_.between(milliseconds(5), profile_.back_max));
    return;
  }
  // In 3.1.1 Clean Session is both: begin anew, and end with the connection.
  const bool persistent =
      profile_.persistent && (profile_.version == mqtt::Version::v5 || !clean_start);
  auto line = std::make_shared<Line>();
  line->connection = static_cast<uint32_t>(ledger_.connections.size());

  Connection connection;
  connection.id = line->connection;
  connection.device = index_;
  connection.broker = broker;
  connection.broker_start = cluster_.starts(broker);
  connection.version = profile_.version;
  connection.persistent = persistent;
  connection.clean_start = clean_start;
  connection.expiry_s = persistent ? profile_.expiry_s : 0;
  connection.receive_maximum = profile_.receive_maximum;
  connection.keep_alive_s = profile_.keep_alive_s;
  connection.dialled = context_.now();
  connection.session = join_session(persistent, clean_start);
  ledger_.connections.push_back(connection);

  auto socket = std::make_shared<Socket>(context_, line->connection);
  const std::weak_ptr<Line> weak = line;
  line->client = std::make_unique<Client>(
      context_, socket, profile_.version,
      Client::Events{[this, weak](const mqtt::Packet& packet, Instant emitted) {
                       if (const LinePtr l = weak.lock(); l && !l->over) {
                         this->packet(l, packet, emitted);
                       }
                     },
                     [this, weak] {
                       if (const LinePtr l = weak.lock(); l && !l->over) closed_by_broker(l);
                     }});
  context_.note("{} connects #{} to {}{}", profile_.id, line->connection, broker,
                clean_start ? " clean" : "");
  if (line_) {
    record(line_).forgot = true;
    older_.push_back(line_);
  }
  if (!profile_.persistent) outgoing_.clear();
  line_ = line;
  process->accept(socket);
  send_connect(line);
  context_.schedule.after(seconds(8), [this, line] {
    if (!line->accepted && !line->over) close(line, End::dropped);
  });
}

uint32_t Device::make_will(uint32_t connection) {
  Message will;
  will.id = static_cast<uint32_t>(ledger_.messages.size());
  will.device = index_;
  will.connection = connection;
  will.retain = random_.percent(profile_.will_retain_percent);
  will.topic = fmt::format("{}w/{}", will.retain ? "r/" : "", profile_.id);
  will.qos = static_cast<uint8_t>(random_.percent(80) ? random_.between(1, 2) : 0);
  will.will = true;
  will.first_sent = context_.now();
  ledger_.messages.push_back(will);
  return will.id;
}

void Device::send_connect(const LinePtr& line) {
  mqtt::Connect connect;
  connect.version = profile_.version;
  connect.clean_start = record(line).clean_start;
  connect.keep_alive = profile_.keep_alive_s;
  connect.client_id = profile_.id;
  if (profile_.version == mqtt::Version::v5) {
    if (profile_.persistent) connect.properties.session_expiry_interval = profile_.expiry_s;
    if (profile_.receive_maximum != 65535) {
      connect.properties.receive_maximum = profile_.receive_maximum;
    }
  }
  Bytes payload;
  if (random_.percent(profile_.will_percent)) {
    const uint32_t id = make_will(line->connection);
    record(line).will = id;
    payload = payload_of(id, 0);
    connect.will.emplace();
    connect.will->topic = ledger_.messages[id].topic;
    connect.will->payload = payload;
    connect.will->qos = static_cast<mqtt::Qos>(ledger_.messages[id].qos);
    connect.will->retain = ledger_.messages[id].retain;
    if (profile_.version == mqtt::Version::v5 && random_.percent(40)) {
      record(line).will_delay_s =
          static_cast<uint32_t>(random_.between(1, random_.percent(50) ? 1 : 4));
      connect.will->properties.will_delay_interval = record(line).will_delay_s;
    }
  }
  line->client->send(connect);
}

void Device::packet(const LinePtr& line, const mqtt::Packet& packet, Instant emitted) {
  if (const auto* got = std::get_if<mqtt::Connack>(&packet)) return connack(line, *got);
  if (!line->accepted) throw Violation("conversation", "a packet came before CONNACK");
  if (const auto* got = std::get_if<mqtt::Publish>(&packet)) return published(line, *got, emitted);
  if (const auto* got = std::get_if<mqtt::Acknowledgement>(&packet))
    return acknowledgement(line, *got);
  if (const auto* got = std::get_if<mqtt::Suback>(&packet)) {
    return suback(line, got->packet_id, got->reasons, false);
  }
  if (const auto* got = std::get_if<mqtt::Unsuback>(&packet)) {
    return suback(line, got->packet_id, got->reasons, true);
  }
  if (std::get_if<mqtt::Pingresp>(&packet)) {
    line->pinged = never;
    return;
  }
  if (const auto* got = std::get_if<mqtt::Disconnect>(&packet)) {
    const End end =
        got->reason == mqtt::Reason::session_taken_over ? End::taken_over : End::by_broker;
    return close(line, end, static_cast<uint8_t>(got->reason));
  }
  throw Violation("conversation", fmt::format("packet kind {} from a broker", packet.index()));
}

void Device::connack(const LinePtr& line, const mqtt::Connack& connack) {
  if (line->accepted) throw Violation("conversation", "a second CONNACK");
  Connection& connection = record(line);
  if (connack.reason != mqtt::Reason::success) {
    close(line, End::refused, static_cast<uint8_t>(connack.reason));
    return;
  }
  line->accepted = true;
  for (const LinePtr& older : older_) {
    record(older).superseded = std::min(record(older).superseded, context_.now());
  }
  line->send_maximum = connack.properties.receive_maximum.value_or(65535);
  connection.accepted = context_.now();
  connection.session_present = connack.session_present;
  context_.note("{} accepted #{}{}", profile_.id, line->connection,
                connack.session_present ? ", session present" : "");
  checkers_.tell(&Checker::accepted, connection);
  Session& session = ledger_.sessions[connection.session];
  if (!connack.session_present && session.confirmed && !connection.clean_start) {
    lost_session(connection);
  }
  Session& joined = ledger_.sessions[connection.session];
  // It may have expired, and a CONNECT that was given up may have made another.
  joined.doubtful |= connack.session_present && joined.detached != never &&
                     joined.detached + seconds(joined.expiry_s) < context_.now();
  joined.confirmed = true;
  joined.detached = never;
  joined.expiry_s = connection.expiry_s;
  if (connection.keep_alive_s > 0) plan_ping(line);
  resend(connack.session_present);
  if (profile_.watches) watch();
  const auto& bonds = ledger_.bonds_of(connection.session);
  const bool bound = std::any_of(bonds.begin(), bonds.end(),
                                 [&](uint32_t id) { return ledger_.bonds[id].bound != never; });
  if (!line->wants.empty()) {
    subscribe({line->wants}, 1);
  } else if (!bound || !connack.session_present) {
    if (!profile_.filters.empty()) subscribe(profile_.filters, profile_.qos);
  }
  act_later(random_.between(milliseconds(1), profile_.pace));
}

// The broker began a new session where the device knew one (a checker has judged that already).
void Device::lost_session(Connection& connection) {
  Session& old = ledger_.sessions[connection.session];
  old.ended = std::min(old.ended, connection.dialled);
  session_.reset();
  connection.session = join_session(connection.persistent, false);
}

void Device::closed_by_broker(const LinePtr& line) {
  const bool younger = line != line_ && line_ && line_->accepted;
  const bool accepted = line->accepted;
  close(line, younger ? End::taken_over : accepted ? End::by_broker : End::refused);
}

// The connection is over for the device, whoever ended it.
void Device::close(const LinePtr& line, End end, uint8_t reason) {
  Connection& connection = record(line);
  line->over = true;
  connection.ended = context_.now();
  connection.end = end;
  connection.server_reason = reason;
  context_.note("{} #{} {} {:x}", profile_.id, line->connection, to_string(end), reason);
  if (end == End::silent) {
    line->client->fall_silent();
  } else {
    line->client->close();
  }
  Session& session = ledger_.sessions[connection.session];
  if (!session.persistent && session.ended == never) session.ended = context_.now();
  // Nobody knows whether its clean start was heard.
  session.doubtful |= connection.clean_start && connection.accepted == never;
  if (end == End::refused) {
    checkers_.tell(&Checker::refused, connection);
  } else {
    checkers_.tell(&Checker::ended, connection);
  }
  // The object outlives the call that brought us here.
  context_.schedule.after(Duration(0), [line] { line->client.reset(); });
  std::erase_if(older_, [](const LinePtr& old) { return old->over; });
  const bool was_last = connection.accepted != never && connection.superseded == never;
  if (was_last) session.detached = context_.now();
  if (line != line_) return;
  line_.reset();
  if (fall_back(connection)) return;
  if (!profile_.persistent) outgoing_.clear();
  const Duration back = profile_.steady ? milliseconds(300) : profile_.back_max;
  if (!stays_offline_) act_later(random_.between(milliseconds(1), back));
}

// A takeover that was refused leaves the older connection alive. Not one that was taken over
// before: what it had under way has moved on.
bool Device::fall_back(const Connection& failed) {
  if (older_.empty() || failed.accepted != never) return false;
  if (record(older_.back()).superseded != never) return false;
  line_ = older_.back();
  older_.pop_back();
  session_ = record(line_).session;
  Session& session = ledger_.sessions[*session_];
  session.doubtful |= session.persistent && (failed.clean_start || failed.session != *session_);
  act_later(profile_.pace);
  return true;
}

void Device::leave(End end) {
  mqtt::Disconnect disconnect;
  if (end == End::disconnected_with_will) disconnect.reason = mqtt::Reason::disconnect_with_will;
  if (end == End::disconnected || end == End::disconnected_with_will) {
    if (profile_.version == mqtt::Version::v5 && random_.percent(25)) change_expiry(disconnect);
    line_->client->send(disconnect);
  }
  close(line_, end);
}

// From 0 it must not be changed (3.14.2-2). Whether the broker has heard it is not known.
void Device::change_expiry(mqtt::Disconnect& disconnect) {
  Connection& connection = record(line_);
  if (connection.expiry_s == 0) return;
  const uint32_t expiry_s = random_.percent(40)   ? 0
                            : random_.percent(50) ? static_cast<uint32_t>(random_.between(1, 3))
                                                  : 3600;
  disconnect.properties.session_expiry_interval = expiry_s;
  connection.expiry_at_end_s = expiry_s;
  Session& session = ledger_.sessions[connection.session];
  session.expiry_s = std::min(session.expiry_s, expiry_s);
  session.expiry_changed = true;
  context_.note("{} #{} lets its session live for {} s", profile_.id, line_->connection, expiry_s);
}

// A device that speaks often enough, and leaves when nobody answers.
void Device::plan_ping(const LinePtr& line) {
  context_.schedule.after(milliseconds(500) * profile_.keep_alive_s, [this, line] {
    if (line->over) return;
    if (line->pinged != never && line->pinged + seconds(6) < context_.now()) {
      return close(line, End::dropped);
    }
    if (line->pinged == never) line->pinged = context_.now();
    line->client->send(mqtt::Pingreq{});
    plan_ping(line);
  });
}

}  // namespace muster::sim
