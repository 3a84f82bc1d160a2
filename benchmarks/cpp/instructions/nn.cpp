// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <vector>

#include "counted.hpp"
#include "gftcore/nn/engine.hpp"
#include "gftcore/nn/sage_layer.hpp"
#include "networks.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  Random random(20240607);
  const Network network = random_network(random, Activation::leaky, false);
  const Network linear = random_network(random, Activation::elu, true);
  const RandomGraph graph(random, network);
  const BatchView<float> batch = graph.view();

  count("fold a network", [&] { folded<float>(linear, true); });
  std::vector<float> logits(3);
  const auto run = [&](const Network& one) {
    return [&,
            engine = std::make_shared<Engine<float>>(folded<float>(one, true)),
            pooled = std::vector<float>(6 * kWidth)]() mutable {
      engine->run(batch, 1, logits, pooled);
    };
  };
  count("network", run(network));
  count("network elu, linear ends", run(linear));

  RandomLayer one(random);
  count("sage_layer", [&] { sage_layer(one.layer, one.bias, 1, one.out); });
  count("sage_layer_backward",
        [&] { sage_layer_backward(one.layer, one.g, one.result, 1, one.gradients); });
}
