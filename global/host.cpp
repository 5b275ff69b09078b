#include "global/host.hpp"

#include <utility>

#include "core/host/storage_thread.hpp"
#include "global/global.hpp"

namespace muster::global {
namespace {

class GlobalBody final : public host::Body {
 public:
  GlobalBody(const Options& options, wire::NodeInfo self, Recovered recovered,
             std::unique_ptr<store::Store> store, net::Waker& waker)
      : mind_(options, std::move(self), std::move(recovered)), storage_(std::move(store), waker) {}

  wire::NodeMind& mind() override { return mind_; }
  void take_letters(Now now) override {
    if (auto number = storage_.take_stored()) mind_.stored(now, *number);
  }
  void carry_out(Now) override {
    if (auto batch = mind_.take_batch()) storage_.commit(std::move(*batch));
  }

 private:
  Global mind_;
  host::StorageThread storage_;
};

}  // namespace

Expected<std::unique_ptr<host::Role>, std::string> open_global(net::ZmqContext& context,
                                                               const Options& options,
                                                               wire::NodeInfo self,
                                                               std::unique_ptr<store::Store> store,
                                                               bool repaired) {
  auto recovered = Global::recover(*store, repaired);
  if (!recovered) return Unexpected{recovered.error().text};
  auto gateway = host::Gateway::open(context, std::move(self));
  if (!gateway) return Unexpected{gateway.error()};
  auto body =
      std::make_unique<GlobalBody>(options, (*gateway)->self(), std::move(recovered).value(),
                                   std::move(store), (*gateway)->waker());
  std::unique_ptr<host::Role> role =
      std::make_unique<host::MindRole>(std::move(gateway).value(), std::move(body));
  return role;
}

}  // namespace muster::global
