// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>

#include "../nn/networks.hpp"
#include "gftcore/attribution/path_integral.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore::test {
namespace {

const std::vector<std::vector<index_t>> kSizes{{300, 31, 1}, {0, 7, 1}, {50, 103, 2}, {0, 0, 0}};
using Sums = std::vector<std::vector<std::vector<double>>>;

class TargetGuard {
 public:
  TargetGuard() = default;
  ~TargetGuard() { set_active_target(before_); }
  TargetGuard(const TargetGuard&) = delete;
  TargetGuard& operator=(const TargetGuard&) = delete;

 private:
  Target before_ = active_target();
};

Network filled(bool linear_ends,
               const NetworkDepths& depths = {2, 3, 2, 2},
               Aggregation aggregation = Aggregation::sum,
               Activation act = Activation::elu) {
  Network network = network_of(12, linear_ends, aggregation, act);
  RandomWeights(3).fill(network, depths);
  return network;
}

/// Equal panels, `size` of them a chunk.
PathRequest request(index_t graph, TargetKind kind, int panels, int size = 4) {
  PathRequest out;
  out.graph = graph;
  out.target.kind = kind;
  for (int i = 0; i < panels; ++i) {
    if (i % size == 0) out.chunks.emplace_back();
    out.chunks.back().push_back(
        {static_cast<double>(i) / panels, static_cast<double>(i + 1) / panels, 1.0 / panels, 0});
  }
  return out;
}

double value(const PathTarget& target, const std::vector<double>& logits) {
  const double chosen = logits[static_cast<std::size_t>(target.place)];
  if (target.kind == TargetKind::logit) return chosen;
  if (target.kind == TargetKind::margin) {
    return chosen - logits[static_cast<std::size_t>(target.against)];
  }
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - chosen);
  return 1 / sum;
}

struct Total {
  double sum = 0;
  double size = 0;
};

Total total(const PathResult& result) {
  Total out;
  for (const auto& part : result.sums.front()) {
    for (const double x : part) {
      out.sum += x;
      out.size += std::abs(x);
    }
  }
  return out;
}

double difference(const PathResult& a, const PathResult& b) {
  double out = 0;
  for (std::size_t p = 0; p < a.sums.front().size(); ++p) {
    REQUIRE(a.sums.front()[p].size() == b.sums.front()[p].size());
    for (std::size_t i = 0; i < a.sums.front()[p].size(); ++i) {
      out += std::abs(a.sums.front()[p][i] - b.sums.front()[p][i]);
    }
  }
  return out;
}

TEST_CASE("panels are complete, folded or not, and folding changes nothing") {
  for (const bool linear_ends : {false, true}) {
    for (const Aggregation aggregation : {Aggregation::sum, Aggregation::mean, Aggregation::cat}) {
      for (const NetworkDepths depths :
           {NetworkDepths{2, 3, 2, 2}, {1, 1, 1, 1}, {0, 2, 0, 2}, {3, 2, 3, 3}}) {
        const Network network = filled(linear_ends, depths, aggregation);
        const Graphs graphs = graphs_of(network, kSizes, 7);
        const PathIntegrator<double> plain(unfolded(network));
        const PathIntegrator<double> exact(folded<double>(network, false));
        for (const PathOver over : {PathOver::nodes, PathOver::edges}) {
          for (const TargetKind kind :
               {TargetKind::logit, TargetKind::margin, TargetKind::probability}) {
            const std::vector<PathRequest> requests{request(0, kind, 2), request(2, kind, 3)};
            const auto found = plain.run(graphs.view<double>(), {}, requests, over, 1);
            const auto other = exact.run(graphs.view<double>(), {}, requests, over, 1);
            for (std::size_t g = 0; g < found.size(); ++g) {
              const Total all = total(found[g]);
              const double change =
                  value(found[g].target, found[g].end) - value(found[g].target, found[g].start);
              CHECK(std::abs(all.sum - change) < 1e-12 * (1 + all.size));
              CHECK(difference(found[g], other[g]) < 1e-11 * (1 + all.size));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("single precision follows, on every target") {
  const TargetGuard guard;
  for (const Activation act : {Activation::relu, Activation::leaky, Activation::elu}) {
    const Network network = filled(true, {2, 3, 2, 2}, Aggregation::sum, act);
    const Graphs graphs = graphs_of(network, kSizes, 7);
    const PathIntegrator<double> exact(unfolded(network));
    const PathIntegrator<float> quick(folded<float>(network, true));
    const std::vector<PathRequest> requests{request(0, TargetKind::logit, 8)};
    for (const PathOver over : {PathOver::nodes, PathOver::edges}) {
      const auto want = exact.run(graphs.view<double>(), {}, requests, over, 1);
      for (const Target target : available_targets()) {
        set_active_target(target);
        const auto found = quick.run(graphs.view<float>(), {}, requests, over, 1);
        CHECK(found.front().target.place == want.front().target.place);
        CHECK(difference(want.front(), found.front()) < 1e-4 * total(want.front()).size);
      }
    }
  }
}

TEST_CASE("the same bytes alone, among others, and in several threads") {
  const TargetGuard guard;
  const Network network = filled(true);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<float> integrator(folded<float>(network, true));
  std::vector<PathRequest> requests;
  for (index_t g = 0; g < 4; ++g) requests.push_back(request(g, TargetKind::margin, 14));
  for (const Target target : available_targets()) {
    set_active_target(target);
    for (const PathOver over : {PathOver::nodes, PathOver::edges}) {
      const auto together = integrator.run(graphs.view<float>(), {}, requests, over, 1);
      for (const int threads : {2, 3, 9}) {
        const auto again = integrator.run(graphs.view<float>(), {}, requests, over, threads);
        for (std::size_t g = 0; g < 4; ++g) CHECK(again[g].sums == together[g].sums);
      }
      for (std::size_t g = 0; g < 4; ++g) {
        const auto alone = integrator.run(graphs.view<float>(), {}, {&requests[g], 1}, over, 3);
        CHECK(alone.front().sums == together[g].sums);
        CHECK(alone.front().end == together[g].end);
      }
    }
  }
}

TEST_CASE("the same bytes with more chunks than are kept, and a sum without a panel is zeros") {
  const Network network = filled(true);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<float> integrator(folded<float>(network, true));
  PathRequest many = request(0, TargetKind::logit, 150, 2);
  many.sums = 3;
  for (std::size_t k = 0; k < many.chunks.size(); k += 2) many.chunks[k].front().sum = 2;
  for (const PathOver over : {PathOver::nodes, PathOver::edges}) {
    const auto once = integrator.run(graphs.view<float>(), {}, {&many, 1}, over, 1);
    for (const int threads : {2, 5, 40}) {
      const auto again = integrator.run(graphs.view<float>(), {}, {&many, 1}, over, threads);
      CHECK(again.front().sums == once.front().sums);
    }
    const auto& sums = once.front().sums;
    REQUIRE(sums.size() == 3);
    REQUIRE(sums[1].size() == sums[0].size());
    for (std::size_t p = 0; p < sums[0].size(); ++p) {
      CHECK(sums[0][p].size() == sums[2][p].size());
      CHECK(sums[1][p] == std::vector<double>(sums[0][p].size()));
    }
  }
}

TEST_CASE("a margin over the leading class is that of the largest other one") {
  const Network network = filled(false);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<double> integrator(unfolded(network));
  PathRequest one = request(0, TargetKind::margin, 2);
  const auto run = [&] {
    return integrator.run(graphs.view<double>(), {}, {&one, 1}, PathOver::nodes, 1).front();
  };
  const PathTarget open = run().target;
  one.target.against = open.place;
  const PathResult over_leader = run();
  CHECK(over_leader.target.place == open.against);
  CHECK(over_leader.target.against == open.place);
  CHECK(total(over_leader).size > 0.01);
}

TEST_CASE("ends that are not finite cost no panels and give zeros") {
  const Network network = filled(true);
  Graphs graphs = graphs_of(network, kSizes, 7);
  const BatchView<double> batch = graphs.view<double>();
  std::vector<std::vector<double>> huge;
  std::vector<std::span<const double>> baseline;
  for (const NodeView<double>& type : batch.types) huge.emplace_back(type.x.size(), 1e308);
  for (const std::vector<double>& values : huge) baseline.emplace_back(values);
  const PathIntegrator<double> integrator(folded<double>(network, false));
  const PathRequest one = request(0, TargetKind::logit, 2);
  const auto found = integrator.run(batch, baseline, {&one, 1}, PathOver::nodes, 1).front();
  CHECK(!std::isfinite(found.start.front()));
  CHECK(total(found).size == 0);
}

TEST_CASE("idle workers keep no more memory than they may") {
  const Network network = filled(true);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<float> thrifty(folded<float>(network, true), 0);
  const PathIntegrator<float> usual(folded<float>(network, true));
  const std::vector<PathRequest> requests{request(0, TargetKind::logit, 8),
                                          request(2, TargetKind::logit, 8)};
  const auto run = [&](const PathIntegrator<float>& integrator) {
    return integrator.run(graphs.view<float>(), {}, requests, PathOver::nodes, 2);
  };
  const auto first = run(usual);
  const auto second = run(thrifty);
  for (std::size_t g = 0; g < requests.size(); ++g) CHECK(first[g].sums == second[g].sums);
  CHECK(thrifty.idle_bytes() == 0);
  CHECK(usual.idle_bytes() > 100'000);
  CHECK(usual.idle_bytes() < 10'000'000);
  const std::size_t before = usual.idle_bytes();
  run(usual);
  CHECK(usual.idle_bytes() <= 2 * before);
}

TEST_CASE("sums are apart, chunks without panels and points are taken") {
  const Network network = filled(false);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<double> integrator(unfolded(network));
  PathRequest split = request(0, TargetKind::logit, 2);
  split.sums = 2;
  split.chunks.front()[1].sum = 1;
  split.chunks.emplace_back();
  const PathRequest whole = request(0, TargetKind::logit, 2, 1);
  const std::vector<PathRequest> requests{split, whole};
  const auto found = integrator.run(graphs.view<double>(), {}, requests, PathOver::nodes, 1);
  REQUIRE(found.front().sums.size() == 2);
  for (std::size_t p = 0; p < 3; ++p) {
    for (std::size_t i = 0; i < found[1].sums[0][p].size(); ++i) {
      const double both = found[0].sums[0][p][i] + found[0].sums[1][p][i];
      CHECK(std::abs(both - found[1].sums[0][p][i]) < 1e-12);
    }
  }
}

TEST_CASE("a baseline moves the start of the path") {
  const Network network = filled(true);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<double> integrator(folded<double>(network, false));
  const BatchView<double> batch = graphs.view<double>();
  std::vector<std::span<const double>> same;
  for (const NodeView<double>& type : batch.types) same.push_back(type.x);
  const std::vector<PathRequest> requests{request(0, TargetKind::logit, 2)};
  const auto still = integrator.run(batch, same, requests, PathOver::nodes, 1);
  CHECK(total(still.front()).size == 0);
  CHECK(std::abs(still.front().start[0] - still.front().end[0]) < 1e-12);
  const auto moved = integrator.run(batch, {}, requests, PathOver::nodes, 1);
  CHECK(total(moved.front()).size > 0.1);
}

TEST_CASE("what does not fit is refused") {
  const Network network = filled(true);
  const Graphs graphs = graphs_of(network, kSizes, 7);
  const PathIntegrator<double> integrator(folded<double>(network, false));
  const BatchView<double> batch = graphs.view<double>();
  const auto run = [&](const PathRequest& one, int threads = 1) {
    return integrator.run(batch, {}, {&one, 1}, PathOver::nodes, threads);
  };
  PathRequest wrong = request(0, TargetKind::margin, 2);
  CHECK(run(wrong).size() == 1);
  CHECK_THROWS_AS(run(wrong, 0), ValueError);
  wrong.graph = 4;
  CHECK_THROWS_AS(run(wrong), ValueError);
  wrong = request(0, TargetKind::margin, 2);
  wrong.target.place = wrong.target.against = 1;
  CHECK_THROWS_AS(run(wrong), ValueError);
  wrong = request(0, TargetKind::logit, 2);
  wrong.target.place = 3;
  CHECK_THROWS_AS(run(wrong), ValueError);
  wrong = request(0, TargetKind::logit, 2);
  wrong.chunks.front()[0].end = std::nan("");
  CHECK_THROWS_AS(run(wrong), ValueError);
  wrong = request(0, TargetKind::logit, 2);
  wrong.chunks.front()[0].sum = 1;
  CHECK_THROWS_AS(run(wrong), ValueError);
  wrong = request(0, TargetKind::logit, 2);
  wrong.sums = -1;
  wrong.chunks.clear();
  CHECK_THROWS_AS(run(wrong), ValueError);
  const std::vector<std::span<const double>> short_one(2);
  const PathRequest right = request(0, TargetKind::logit, 2);
  CHECK_THROWS_AS(integrator.run(batch, short_one, {&right, 1}, PathOver::nodes, 1), ShapeError);
}

}  // namespace
}  // namespace gftcore::test
