// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "gftcore/nn/program.hpp"
#include "networks.hpp"

namespace gftcore::test {
namespace {

Network filled(bool linear_ends, const NetworkDepths& depths, index_t hidden = 8) {
  Network network = network_of(hidden, linear_ends, Aggregation::sum, Activation::relu);
  RandomWeights(1).fill(network, depths);
  return network;
}

TEST_CASE("blocks that no activation parts from a layer become part of it") {
  const Program<double> ends = folded<double>(filled(true, {2, 3, 2, 2}), false);
  CHECK(ends.types[0].pre.size() == 1);
  CHECK(ends.types[0].post.size() == 1);
  CHECK(ends.layers.front().act == Activation::relu);
  CHECK(ends.layers.back().act == Activation::relu);  // that of the block
  CHECK(ends.layers.front().types[0].by_pattern);
  CHECK(ends.layers.front().types[0].bias.size() == 8 * 8);
  CHECK_FALSE(ends.layers.back().types[0].by_pattern);

  const Program<double> plain = folded<double>(filled(false, {2, 3, 2, 2}), false);
  CHECK(plain.types[0].pre.size() == 2);
  CHECK(plain.types[0].post.size() == 2);
  CHECK_FALSE(plain.layers.front().types[0].by_pattern);
}

TEST_CASE("a single linear block on either side leaves the features and the pools") {
  const Program<double> program = folded<double>(filled(true, {1, 1, 1, 1}), false);
  CHECK(program.types[0].pre.empty());
  CHECK(program.types[0].post.empty());
  CHECK(program.types[0].depth == 5);
  CHECK(program.layers.front().act == Activation::none);
  CHECK(program.layers.front().types[0].self.size() == 5 * 8);
}

TEST_CASE("padded channels have no weight and no bias") {
  const Program<float> program = folded<float>(filled(true, {2, 2, 2, 2}, 20), true);
  CHECK(program.width == 32);
  for (const auto& layer : program.layers) {
    for (const auto& type : layer.types) {
      for (std::size_t i = 0; i < type.bias.size(); ++i) {
        if (i % 32 >= 20) CHECK(type.bias[i] == 0.0F);
      }
      for (std::size_t i = 0; i < type.self.size(); ++i) {
        if (i % 32 >= 20 || i / 32 >= 20) CHECK(type.self[i] == 0.0F);
      }
    }
  }
  CHECK(program.head.front().depth == 9 * 32);
  CHECK(program.head.back().width == 16);
}

TEST_CASE("a network that is written down keeps all its operations") {
  const Program<double> program = unfolded(filled(true, {2, 3, 2, 2}));
  CHECK(program.types[0].pre.size() == 2);
  CHECK(program.types[0].pre[0].mean.size() == 8);
  CHECK(program.types[2].pre[0].mean.empty());
  CHECK(program.layers[0].types[0].self.empty());
  CHECK(program.layers[0].types[0].skip);
  CHECK(program.layers.back().act == Activation::none);
}

}  // namespace
}  // namespace gftcore::test
