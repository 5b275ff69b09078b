#include "query/host.hpp"

#include <utility>

#include "query/query.hpp"

namespace muster::query {
namespace {

class QueryBody final : public host::Body {
 public:
  QueryBody(wire::NodeInfo self, const Options& options) : mind_(std::move(self), options) {}
  wire::NodeMind& mind() override { return mind_; }
  bool ready() const override { return mind_.ready(); }

 private:
  Query mind_;
};

}  // namespace

Expected<std::unique_ptr<host::Role>, std::string> open_query(net::ZmqContext& context,
                                                              const Options& options,
                                                              wire::NodeInfo self) {
  auto gateway = host::Gateway::open(context, std::move(self));
  if (!gateway) return Unexpected{gateway.error()};
  auto body = std::make_unique<QueryBody>((*gateway)->self(), options);
  std::unique_ptr<host::Role> role =
      std::make_unique<host::MindRole>(std::move(gateway).value(), std::move(body));
  return role;
}

}  // namespace muster::query
