// What the shards send, handed to the machines that it concerns: letters first, in order.

#include "broker/node_state.hpp"
#include "core/base/check.hpp"

namespace muster::broker {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

void Node::State::open(Now now, Parcel parcel) {
  for (Letter& letter : parcel.letters) {
    std::visit(
        Overloaded{
            [&](RouteChange& it) { routes.changed(now.mono, parcel.from, std::move(it)); },
            [&](PeerRoutesSeen& it) { peer_routes.seen(parcel.from, it); },
            [&](ForGlobal& it) { sessions.for_global(now.mono, parcel.from, std::move(it)); },
            [&](ClaimsListed& it) { sessions.claims_listed(parcel.from, it); },
            [&](AskQuery& it) { queries.ask(now, std::move(it)); },
            [&](PresenceOpen& it) { presence.open(now, std::move(it)); },
            [&](PresenceMore& it) { presence.more(now, it); },
            [&](PresenceClose& it) { presence.close(it); },
            [&](Counted& it) { sys.counted(now.mono, parcel.from, it); },
            [&](RetainedWanted& it) { retained.wanted(parcel.from, it); },
            [](auto&) { MUSTER_CHECK(!"a letter that is not for the Node"); },
        },
        letter);
  }
  publications.from_shard(now, parcel.from, std::move(parcel.publications));
}

}  // namespace muster::broker
