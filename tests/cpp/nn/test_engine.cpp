// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <thread>

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/nn/engine.hpp"
#include "networks.hpp"

namespace gftcore::test {
namespace {

const std::vector<std::vector<index_t>> kSizes{
    {700, 31, 1}, {0, 7, 1}, {50, 103, 2}, {0, 0, 0}, {1, 0, 0}, {49, 48, 1}};

template <class T>
struct Outputs {
  std::vector<T> logits;
  std::vector<T> pooled;
  bool operator==(const Outputs&) const = default;
};

template <class T>
Outputs<T> outputs(const Engine<T>& engine, const BatchView<T>& batch, int threads = 1) {
  Outputs<T> out;
  const index_t graphs = std::clamp<index_t>(batch.graphs, 0, 1000);
  out.logits.resize(static_cast<std::size_t>(graphs * engine.classes()));
  out.pooled.resize(static_cast<std::size_t>(graphs * engine.pooled_width()));
  engine.run(batch, threads, out.logits, out.pooled);
  return out;
}

/// Largest difference relative to the largest value.
template <class A, class B>
double difference(const std::vector<A>& a, const std::vector<B>& b) {
  double most = 0;
  double scale = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    scale = std::max(scale, std::abs(static_cast<double>(a[i])));
  }
  return most / scale;
}

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
               const NetworkDepths& depths,
               Aggregation aggregation = Aggregation::sum,
               Activation act = Activation::elu) {
  Network network = network_of(12, linear_ends, aggregation, act);
  RandomWeights(3).fill(network, depths);
  return network;
}

TEST_CASE("folded networks equal those that are written down, in both precisions") {
  const TargetGuard guard;
  for (const NetworkDepths depths :
       {NetworkDepths{2, 3, 2, 2}, {1, 1, 1, 1}, {0, 2, 0, 2}, {3, 1, 1, 3}}) {
    for (const bool linear_ends : {false, true}) {
      for (const Aggregation aggregation :
           {Aggregation::sum, Aggregation::mean, Aggregation::cat}) {
        const Network network = filled(linear_ends, depths, aggregation);
        const Graphs graphs = graphs_of(network, kSizes, 7);
        const auto plain = outputs(Engine<double>(unfolded(network)), graphs.view<double>());
        const Engine<double> exact(folded<double>(network, false));
        CHECK(difference(plain.logits, outputs(exact, graphs.view<double>()).logits) < 1e-12);
        const Engine<float> quick(folded<float>(network, true));
        for (const Target target : available_targets()) {
          set_active_target(target);
          const auto found = outputs(quick, graphs.view<float>());
          CHECK(difference(plain.logits, found.logits) < 1e-5);
          CHECK(difference(plain.pooled, found.pooled) < 1e-5);
        }
      }
    }
  }
}

TEST_CASE("a folded bias reaches a node only through relations that have edges there") {
  const Network network = filled(true, {2, 1, 1, 1});
  const Graphs graphs = graphs_of(network, kSizes, 7);
  std::set<int> patterns;
  for (std::size_t v = 0; v < 700; ++v) {
    int pattern = 0;
    for (std::size_t s = 0; s < 3; ++s) {
      const Csr& csr = graphs.edges[s * 3];  // into the first type
      pattern |= csr.rowptr[v + 1] > csr.rowptr[v] ? 1 << s : 0;
    }
    patterns.insert(pattern);
  }
  CHECK(patterns.size() == 8);
  const auto plain = outputs(Engine<double>(unfolded(network)), graphs.view<double>());
  Program<double> careless = folded<double>(network, false);
  for (TypeLayer<double>& type : careless.layers.front().types) {
    const auto width = static_cast<std::ptrdiff_t>(careless.width);
    type.bias.erase(type.bias.begin(), type.bias.end() - width);  // every relation reaches
    type.by_pattern = false;
  }
  const auto wrong = outputs(Engine<double>(std::move(careless)), graphs.view<double>());
  CHECK(difference(plain.logits, wrong.logits) > 1e-3);
}

TEST_CASE("a graph's result is the same alone, in a batch and in several threads") {
  const TargetGuard guard;
  const Network network = filled(true, {2, 3, 2, 2});
  const Graphs together = graphs_of(network, kSizes, 7);
  const Engine<float> engine(folded<float>(network, true));
  for (const Target target : available_targets()) {
    set_active_target(target);
    const auto batch = outputs(engine, together.view<float>());
    for (const int threads : {2, 3, 8}) {
      CHECK(outputs(engine, together.view<float>(), threads) == batch);
    }
    for (std::size_t g = 0; g < kSizes.size(); ++g) {
      BatchView<float> one = together.view<float>();
      one.graphs = 1;
      std::vector<std::vector<index_t>> node_ptr;
      std::vector<std::vector<index_t>> cols;
      std::vector<std::vector<index_t>> rowptr;
      for (std::size_t t = 0; t < 3; ++t) {
        const index_t first = together.node_ptr[t][g];
        const index_t nodes = together.node_ptr[t][g + 1] - first;
        node_ptr.push_back({0, nodes});
        const index_t features = network.types[t].features;
        one.types[t].x = one.types[t].x.subspan(static_cast<std::size_t>(first * features),
                                                static_cast<std::size_t>(nodes * features));
      }
      for (std::size_t r = 0; r < 9; ++r) {
        const auto target_type = static_cast<std::size_t>(network.relations[r].target);
        const auto source_type = static_cast<std::size_t>(network.relations[r].source);
        const auto first = static_cast<std::size_t>(together.node_ptr[target_type][g]);
        const auto last = static_cast<std::size_t>(together.node_ptr[target_type][g + 1]);
        const Csr& csr = together.edges[r];
        std::vector<index_t>& rows = rowptr.emplace_back();
        std::vector<index_t>& col = cols.emplace_back();
        for (std::size_t v = first; v <= last; ++v) {
          rows.push_back(csr.rowptr[v] - csr.rowptr[first]);
        }
        for (index_t e = csr.rowptr[first]; e < csr.rowptr[last]; ++e) {
          col.push_back(csr.col[static_cast<std::size_t>(e)] - together.node_ptr[source_type][g]);
        }
      }
      for (std::size_t t = 0; t < 3; ++t) one.types[t].node_ptr = node_ptr[t];
      for (std::size_t r = 0; r < 9; ++r) one.relations[r] = {rowptr[r], cols[r]};
      const auto alone = outputs(engine, one);
      for (std::size_t c = 0; c < 3; ++c) CHECK(alone.logits[c] == batch.logits[g * 3 + c]);
    }
  }
}

TEST_CASE("several threads may share an engine") {
  const Network network = filled(false, {2, 2, 2, 2});
  const Graphs graphs = graphs_of(network, kSizes, 9);
  const Engine<float> engine(folded<float>(network, true));
  const auto expected = outputs(engine, graphs.view<float>());
  std::vector<Outputs<float>> found(4);
  {
    std::vector<std::jthread> threads;
    threads.reserve(found.size());
    for (auto& one : found) {
      threads.emplace_back([&] { one = outputs(engine, graphs.view<float>(), 2); });
    }
  }
  for (const auto& one : found) CHECK(one == expected);
}

TEST_CASE("arrays that do not fit are refused before anything is read") {
  const Network network = filled(false, {2, 2, 2, 2});
  const Engine<double> engine(unfolded(network));
  const Graphs good = graphs_of(network, {{3, 2, 1}, {2, 2, 1}}, 1);
  const auto refused = [&](auto&& change) {
    Graphs graphs = good;
    change(graphs);
    CHECK_THROWS_AS(outputs(engine, graphs.view<double>()), Error);
  };
  refused([](Graphs& g) {
    g.node_ptr[0][1] = 4;
    g.node_ptr[0][2] = 3;
  });
  refused([](Graphs& g) { g.node_ptr[1].pop_back(); });
  refused([](Graphs& g) { g.x[0].pop_back(); });
  refused([](Graphs& g) { g.edges.pop_back(); });
  refused([](Graphs& g) { g.edges[0].rowptr.push_back(0); });
  refused([](Graphs& g) { g.edges[0].rowptr.back() += 1; });
  refused([](Graphs& g) { g.edges[0].rowptr[1] = -1; });
  refused([](Graphs& g) { g.edges[0].rowptr[1] = 1000; });
  refused([](Graphs& g) { g.edges[0].col[0] = -1; });
  refused([](Graphs& g) { g.edges[0].col[0] = 4; });  // a node of the other graph
  refused([](Graphs& g) { g.edges[0].col[0] = index_t{1} << 40; });
  for (const index_t far :
       {std::numeric_limits<index_t>::min(), std::numeric_limits<index_t>::max()}) {
    refused([far](Graphs& g) { g.graphs = far; });
    refused([far](Graphs& g) { g.node_ptr[0].back() = far; });
    refused([far](Graphs& g) { g.edges[0].rowptr.front() = far; });
    refused([far](Graphs& g) { g.edges[0].rowptr[1] = far; });
    refused([far](Graphs& g) { g.edges[0].rowptr.back() = far; });
    refused([far](Graphs& g) { g.edges[0].col[0] = far; });
    refused([far](Graphs& g) { g.edges[0].col.back() = far; });
  }
  refused([](Graphs& g) { g.edges[0].col.push_back(0); });
  CHECK_THROWS_AS(outputs(engine, good.view<double>(), 0), ValueError);
}

TEST_CASE("no graph at all is a batch, too") {
  const Network network = filled(false, {2, 2, 2, 2});
  const Engine<double> engine(unfolded(network));
  CHECK(outputs(engine, graphs_of(network, {}, 1).view<double>()).logits.empty());
}

}  // namespace
}  // namespace gftcore::test
