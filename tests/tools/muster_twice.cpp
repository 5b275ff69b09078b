// muster_twice broker|up --config FILE: one broker of a cluster, or all roles, with the tests'
// authentication method TWICE plugged in as code plugs one in. What else it does is what `muster`
// does.

#include <cstdio>
#include <memory>
#include <string>

#include "app/serve.hpp"
#include "tests/broker/twice.hpp"

int main(int argc, char** argv) {
  using namespace muster;
  if (argc != 4) {
    std::fputs("usage: muster_twice broker|up --config FILE\n", stderr);
    return 2;
  }
  app::ServeRequest request;
  request.roles = argv[1] == std::string("broker") ? app::RoleChoice::broker : app::RoleChoice::all;
  request.sources.file = argv[3];
  request.auth_methods.push_back(std::make_shared<broker::test::Twice>());
  return app::serve(request);
}
