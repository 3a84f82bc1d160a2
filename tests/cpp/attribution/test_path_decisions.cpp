// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "../nn/networks.hpp"
#include "gftcore/attribution/path_integral.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore::test {
namespace {

const std::vector<std::vector<index_t>> kSizes{{60, 31, 1}, {9, 70, 2}};

Network filled(bool linear_ends, const NetworkDepths& depths, Activation act) {
  Network network = network_of(12, linear_ends, Aggregation::sum, act);
  RandomWeights(3).fill(network, depths);
  return network;
}

std::vector<PathRequest> requests_of(TargetKind kind) {
  std::vector<PathRequest> out(2);
  for (index_t g = 0; g < 2; ++g) {
    PathRequest& one = out[static_cast<std::size_t>(g)];
    one.graph = g;
    one.target.kind = kind;
    one.chunks = {{{0.0, 0.3, 0.3, 0}, {0.3, 0.5, 0.2, 0}}, {}, {{0.5, 1.0, 0.5, 0}}};
  }
  return out;
}

void check_near(const std::vector<PathResult>& got,
                const std::vector<PathResult>& want,
                double tolerance) {
  for (std::size_t g = 0; g < want.size(); ++g) {
    double largest = 0;
    double gap = 0;
    for (std::size_t p = 0; p < want[g].sums.front().size(); ++p) {
      for (std::size_t i = 0; i < want[g].sums.front()[p].size(); ++i) {
        const double one = want[g].sums.front()[p][i];
        largest = std::max(largest, std::abs(one));
        gap = std::max(gap, std::abs(one - got[g].sums.front()[p][i]));
      }
    }
    REQUIRE(largest > 0);
    CHECK(gap <= tolerance * largest);
  }
}

TEST_CASE("decisions of unfolded double serve folded double and float") {
  for (const bool linear_ends : {false, true}) {
    for (const NetworkDepths depths :
         {NetworkDepths{2, 3, 2, 2}, {1, 1, 1, 1}, {0, 2, 0, 2}, {3, 2, 3, 3}}) {
      for (const Activation act : {Activation::relu, Activation::leaky, Activation::elu}) {
        const Network network = filled(linear_ends, depths, act);
        const Graphs graphs = graphs_of(network, kSizes, 7);
        const PathIntegrator<double> plain(unfolded(network));
        const PathIntegrator<double> exact(folded<double>(network, false));
        const PathIntegrator<float> quick(folded<float>(network, true));
        for (const PathOver over : {PathOver::nodes, PathOver::edges}) {
          const std::vector<PathRequest> requests = requests_of(TargetKind::probability);
          const BatchView<double> batch = graphs.view<double>();
          PathDecisions decisions;
          const auto want = plain.run(batch, {}, requests, over, 1, &decisions);
          CHECK(plain.run(batch, {}, requests, over, 1)[1].sums == want[1].sums);
          CHECK(plain.run(batch, {}, requests, over, 4, &decisions)[1].sums == want[1].sums);
          check_near(exact.run(batch, {}, requests, over, 1, &decisions), want, 1e-10);
          check_near(
              quick.run(graphs.view<float>(), {}, requests, over, 3, &decisions), want, 1e-5);
        }
      }
    }
  }
}

TEST_CASE("a change of any decision changes the result") {
  const Network network = filled(false, {2, 3, 2, 2}, Activation::leaky);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<float> integrator(folded<float>(network, true));
  const std::vector<PathRequest> requests = requests_of(TargetKind::logit);
  const auto run = [&](PathDecisions& decisions) {
    return integrator.run(graphs.view<float>(), {}, requests, PathOver::nodes, 1, &decisions);
  };
  PathDecisions decisions;
  const auto want = run(decisions);
  PanelDecisions& panel = decisions.panels[1][2][0];
  std::vector<std::vector<double>*> all{&panel.logits, &panel.head[0]};
  for (auto& type : panel.activations) {
    CHECK(type.size() == 6);
    for (std::vector<double>& values : type) all.push_back(&values);
  }
  for (std::vector<double>* values : all) {
    const std::vector<double> kept = *values;
    for (double& value : *values) value *= 0.5;
    const auto got = run(decisions);
    CHECK(got[0].sums == want[0].sums);
    CHECK(got[1].sums != want[1].sums);
    *values = kept;
  }
  CHECK(run(decisions)[1].sums == want[1].sums);
}

TEST_CASE("decisions that do not fit are refused") {
  const Network network = filled(false, {2, 3, 2, 2}, Activation::leaky);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<float> integrator(folded<float>(network, true));
  const std::vector<PathRequest> requests = requests_of(TargetKind::logit);
  const auto run = [&](PathDecisions& decisions) {
    return integrator.run(graphs.view<float>(), {}, requests, PathOver::nodes, 2, &decisions);
  };
  PathDecisions right;
  run(right);
  const auto refused = [&](const auto& spoil) {
    PathDecisions wrong = right;
    spoil(wrong);
    CHECK_THROWS_AS(run(wrong), ShapeError);
  };
  refused([](PathDecisions& all) { all.panels.pop_back(); });
  refused([](PathDecisions& all) { all.panels[1].pop_back(); });
  refused([](PathDecisions& all) { all.panels[1][0].emplace_back(); });
  refused([](PathDecisions& all) { all.panels[1][0][1].logits.pop_back(); });
  refused([](PathDecisions& all) { all.panels[1][0][1].head[0].pop_back(); });
  refused([](PathDecisions& all) { all.panels[1][0][1].head.clear(); });
  refused([](PathDecisions& all) { all.panels[1][0][1].activations[1].pop_back(); });
  refused([](PathDecisions& all) { all.panels[1][0][1].activations[1][2].push_back(1); });
  refused([](PathDecisions& all) { all.panels[1][0][1].peaks.pop_back(); });
  refused([](PathDecisions& all) { all.panels[1][0][1].peaks[0].share.pop_back(); });
}

}  // namespace
}  // namespace gftcore::test
