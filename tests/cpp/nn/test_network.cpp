// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "gftcore/common/error.hpp"
#include "gftcore/nn/network.hpp"
#include "networks.hpp"

namespace gftcore::test {
namespace {

TEST_CASE("matrices of a file are turned: [out, in] becomes [in, out]") {
  Network network;
  network.hidden = 2;
  network.classes = 1;
  network.types = {{"vessel", 3, {Pool::sum}, false, {}, {}}};
  network.relations = {{0, 0}};
  const std::vector<double> pre{1, 2, 3, 4, 5, 6};
  const std::vector<double> square{1, 2, 3, 4};
  const std::vector<double> two{7, 8};
  const std::vector<double> one{9};
  NamedWeights weights{{"pre.vessel.0.weight", pre},
                       {"pre.vessel.0.bias", two},
                       {"conv.0.vessel__vessel.root.weight", square},
                       {"conv.0.vessel__vessel.nbr.weight", square},
                       {"conv.0.vessel__vessel.bias", two},
                       {"head.0.weight", two},
                       {"head.0.bias", one}};
  set_weights(network, {1, 1, 0, 1}, weights);
  CHECK(network.types[0].pre[0].linear.weight == std::vector<double>{1, 4, 2, 5, 3, 6});
  CHECK(network.layers[0].relations[0].nbr.weight == std::vector<double>{1, 3, 2, 4});
  CHECK(network.layers[0].relations[0].nbr.bias == two);
  CHECK(network.head[0].weight == two);

  weights.erase("head.0.bias");
  CHECK_THROWS_WITH_AS(
      set_weights(network, {1, 1, 0, 1}, weights), "weight head.0.bias is missing", ValueError);
  weights["head.0.bias"] = two;
  CHECK_THROWS_AS(set_weights(network, {1, 1, 0, 1}, weights), ValueError);
}

TEST_CASE("networks outside of their domain are refused") {
  Network network = network_of(8, false, Aggregation::sum, Activation::relu);
  RandomWeights(1).fill(network, {});
  const auto refused = [&](Network other, NetworkDepths depths = {}) {
    CHECK_THROWS_AS(set_weights(other, depths, {}), ValueError);
  };
  Network changed = network;
  changed.relations[0].source = 3;
  refused(changed);
  changed = network;
  changed.types.clear();
  refused(changed);
  changed = network;
  changed.convolution = Convolution::gcn;
  refused(changed);
  changed = network;
  changed.relations = {{0, 0}};
  refused(changed, {0, 1, 1, 1});
  refused(network, {1, 0, 1, 1});
  for (const index_t count : {index_t{0}, index_t{1} << 62}) {
    changed = network;
    changed.types[1].features = count;
    refused(changed);
    changed = network;
    changed.classes = count;
    refused(changed);
  }
  changed = network;
  for (NodeType& type : changed.types) type.pools.clear();
  refused(changed);
}

}  // namespace
}  // namespace gftcore::test
