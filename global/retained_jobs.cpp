#include "global/retained_jobs.hpp"

#include <algorithm>

#include "global/keys.hpp"

namespace muster::global {
namespace {

constexpr size_t slice_topics = 2000;  // looked at

}  // namespace

void RetainedJobs::load(const std::string& client_id, const std::string& filter, BytesView after) {
  jobs_[{client_id, filter}] = after;
  runnable_.insert({client_id, filter});
}

void RetainedJobs::subscribed(const Session& session, const wire::Subscription& subscription,
                              bool is_new) {
  const std::string& filter = subscription.filter;
  const uint8_t handling = subscription.retain_handling;
  const bool wanted = handling == 0 || (handling == 1 && is_new);
  if (subscription.qos == 0 || filter.starts_with("$share/") || retained_.size() == 0) {
    return unsubscribed(session, filter);
  }
  if (!wanted) return;
  jobs_[{session.client_id, filter}] = {};
  runnable_.insert({session.client_id, filter});
  ledger_.put(keys::retained_job(session.client_id, filter), {});
}

void RetainedJobs::unsubscribed(const Session& session, const std::string& filter) {
  if (jobs_.contains({session.client_id, filter})) finish({session.client_id, filter});
}

void RetainedJobs::finish(const Key& key) {
  const Key copy = key;
  ledger_.erase(keys::retained_job(copy.first, copy.second));
  runnable_.erase(copy);
  jobs_.erase(copy);
}

void RetainedJobs::resume(const std::string& client_id) {
  for (auto at = jobs_.lower_bound({client_id, {}}); at != jobs_.end(); ++at) {
    if (at->first.first != client_id) return;
    runnable_.insert(at->first);
  }
}

void RetainedJobs::work(Now now, const FindSession& find) {
  if (runnable_.empty()) return;
  const Key key = *runnable_.begin();
  Session* session = find(key.first);
  if (session == nullptr) return finish(key);
  const auto subscription = session->subscriptions.find(key.second);
  if (subscription == session->subscriptions.end()) return finish(key);
  slice(now, *session, subscription->second, key);
}

bool RetainedJobs::has_room(const Session& session) const {
  const Inbox& inbox = session.inbox;
  return inbox.count <= options_.inbox_max_messages / 2 &&
         inbox.bytes <= options_.inbox_max_bytes / 2;
}

void RetainedJobs::slice(Now now, Session& session, const wire::Subscription& subscription,
                         const Key& key) {
  std::string& after = jobs_.at(key);
  bool room = true;
  const auto append = [&](wire::Publication publication) {
    const uint8_t qos = std::min(publication.qos, subscription.qos);
    if (qos == 0) return true;
    if (subscription.no_local && publication.publisher == session.client_id) return true;
    room = has_room(session);
    if (room) {
      inboxes_.append_retained(now, session, std::move(publication), qos, subscription.identifier);
    }
    return room;
  };
  if (retained_.scan(now, key.second, after, slice_topics, append)) return finish(key);
  ledger_.put(keys::retained_job(key.first, key.second), after);
  if (!room) runnable_.erase(key);
}

}  // namespace muster::global
