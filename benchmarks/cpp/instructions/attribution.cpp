// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "counted.hpp"
#include "gftcore/attribution/path_integral.hpp"
#include "networks.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  Random random(20240607);
  const Network network = random_network(random, Activation::leaky, false);
  const Network linear = random_network(random, Activation::elu, true);
  const RandomGraph graph(random, network);
  const BatchView<float> batch = graph.view();

  PathRequest request;
  request.chunks = {{{0.0, 0.5, 0.5, 0}, {0.5, 1.0, 0.5, 0}}};
  const auto run = [&](const Network& one, PathOver over) {
    return
        [&, over, integrator = std::make_shared<PathIntegrator<float>>(folded<float>(one, true))] {
          integrator->run(batch, {}, {&request, 1}, over, 1);
        };
  };
  count("path_integral", run(network, PathOver::nodes));
  count("path_integral elu, linear ends", run(linear, PathOver::nodes));
  count("path_integral edges", run(network, PathOver::edges));
}
