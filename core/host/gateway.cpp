#include "core/host/gateway.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/net/clock.hpp"
#include "core/net/thread_name.hpp"

namespace muster::host {
namespace {

wire::Channel channel_of(net::LinkChannel channel) {
  return static_cast<wire::Channel>(channel);
}
net::LinkChannel channel_of(wire::Channel channel) {
  return static_cast<net::LinkChannel>(channel);
}
static_assert(static_cast<int>(wire::Channel::bulk) == static_cast<int>(net::LinkChannel::bulk));

}  // namespace

Expected<std::unique_ptr<Gateway>, std::string> Gateway::open(net::ZmqContext& context,
                                                              wire::NodeInfo self,
                                                              GatewayOptions options) {
  net::LinkOptions link_options;
  link_options.name = self.name;
  link_options.incarnation = self.incarnation;
  link_options.talk = self.talk;
  link_options.bulk = self.bulk;
  auto link = net::ZmqLink::open(context, std::move(link_options));
  if (!link) return Unexpected{link.error()};
  self.talk = (*link)->endpoint(net::LinkChannel::talk);
  self.bulk = (*link)->endpoint(net::LinkChannel::bulk);
  return std::unique_ptr<Gateway>(new Gateway(std::move(self), options, std::move(link).value()));
}

Gateway::Gateway(wire::NodeInfo self, GatewayOptions options, std::unique_ptr<net::ZmqLink> link)
    : self_(std::move(self)), options_(options), link_(std::move(link)) {}

Gateway::~Gateway() {
  request_stop();
  join();
}

void Gateway::start(Body& body, std::function<void()> ready) {
  MUSTER_CHECK(body_ == nullptr);
  body_ = &body;
  mind_ = &body.mind();
  ready_ = std::move(ready);
  thread_ = std::thread([this] { run(); });
}

void Gateway::request_stop() {
  stop_requested_ = true;
  waker_.wake();
}

void Gateway::join() {
  if (thread_.joinable()) thread_.join();
}

void Gateway::run() {
  net::name_thread(self_.name);
  Now now = net::now();
  mind_->start(now);
  carry_out(now);
  while (!over(now)) {
    const Duration wait = waker_.fall_asleep() ? timeout(now) : Duration::zero();
    if (link_->wait(wait, waker_.fd())) waker_.drain();
    waker_.awake();
    now = net::now();
    turn(now);
  }
  link_->close(options_.drain);
}

void Gateway::turn(Now now) {
  link_->receive(frames_, now.mono);
  now = net::now();  // no frame came later than what we call now: see wire::PeerClock
  for (net::LinkFrame& frame : frames_) {
    mind_->receive(now, {std::move(frame.peer), channel_of(frame.channel), std::move(frame.bytes)});
  }
  frames_.clear();
  body_->take_letters(now);
  if (mind_->has_work() || mind_->next_wake() <= now.mono) mind_->tick(now);
  if (stop_requested_ && give_up_ == never) {
    give_up_ = now.mono + options_.stop_within;
    mind_->stop(now);
  }
  link_->tick(now.mono);
  carry_out(now);
}

void Gateway::carry_out(Now now) {
  mind_->finish_turn(now);
  wire::Effects effects = mind_->take_effects();
  for (const wire::Dial& dial : effects.dials) {
    link_->dial(dial.name, dial.talk, dial.bulk, now.mono);
  }
  for (wire::OutFrame& frame : effects.frames) {
    link_->send(frame.to, channel_of(frame.channel), std::move(frame.bytes));
  }
  body_->carry_out(now);
  if (ready_ && body_->ready()) std::exchange(ready_, nullptr)();
}

Duration Gateway::timeout(Now now) const {
  if (mind_->has_work()) return Duration::zero();
  return net::until(std::min({mind_->next_wake(), link_->next_wake(), give_up_}), now.mono);
}

bool Gateway::over(Now now) {
  if (give_up_ == never) return false;
  if (mind_->stopped()) return true;
  if (now.mono < give_up_) return false;
  log::warning("{}: stopped before all was said", self_.name);
  return true;
}

}  // namespace muster::host
