// SPDX-License-Identifier: Apache-2.0
// Networks of any configuration on graphs of any shape: unfolded, folded, and as float.
#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include "check.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/nn/engine.hpp"
#include "networks.hpp"
#include "plant.hpp"
#include "target.hpp"
#include "target_guard.hpp"

namespace gftcore::fuzz {
namespace {

using naive::SmallGraph;

/// Rounding of one number, in units of the size of what it was made of: ten times the largest that
/// thousands of inputs show.
constexpr double kExact = 2e-12;
constexpr double kFloat = 2e-5;

template <class T>
struct Answer {
  std::vector<T> logits;  // [graphs, classes]
  std::vector<T> pooled;
};

template <class T>
Answer<T> answer(const Engine<T>& engine, const BatchArrays& batch, int threads = 1) {
  const index_t graphs = std::clamp<index_t>(batch.graphs, 0, 100);
  Answer<T> out;
  out.logits.resize(static_cast<std::size_t>(graphs * engine.classes()));
  out.pooled.resize(static_cast<std::size_t>(graphs * engine.pooled_width()));
  engine.run(batch.view<T>(), threads, out.logits, out.pooled);
  return out;
}

template <class T>
void near(const std::vector<T>& got, const naive::Row& want, double tolerance, const char* what) {
  same(got.size(), want.size(), what);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double gap = std::abs(static_cast<double>(got[i]) - want[i].value);
    if (gap <= tolerance * want[i].size) continue;
    std::ostringstream how;
    how.precision(17);
    how << "entry " << i << " of " << want.size() << ": got " << got[i] << ", want "
        << want[i].value << ", size " << want[i].size;
    differ(what, how.str());
  }
}

class Checker {
 public:
  Checker(const NetworkSetup& setup, const Network& network)
      : setup_(setup),
        network_(network),
        plain_(unfolded(network)),
        exact_(folded<double>(network, false)),
        quick_(folded<float>(network, true)) {}

  void check(const std::vector<SmallGraph>& graphs, int threads) const {
    const naive::NaiveNetwork reference(network_, setup_.depths, setup_.weights);
    naive::Row logits;
    naive::Row pooled;
    for (const SmallGraph& graph : graphs) {
      naive::Row one;
      naive::Row other;
      reference.run(graph, one, other);
      pooled.insert(pooled.end(), one.begin(), one.end());
      logits.insert(logits.end(), other.begin(), other.end());
    }
    const BatchArrays batch(network_, graphs);
    const auto holds = [&](auto got, double tolerance, const char* what) {
      near(got.logits, logits, tolerance, what);
      near(got.pooled, pooled, tolerance, what);
    };
    Answer<double> plain = answer(plain_, batch);
    plant("unfolded logits", plain.logits);
    plant("unfolded pools", plain.pooled);
    holds(plain, kExact, "unfolded");
    Answer<double> exact = answer(exact_, batch);
    plant("folded logits", exact.logits);
    plant("folded pools", exact.pooled);
    holds(exact, kExact, "folded");
    const TargetGuard guard;
    for (const Target target : available_targets()) {
      set_active_target(target);
      Answer<float> quick = answer(quick_, batch);
      check_alone(quick_, graphs, quick, target);
      if (threads > 1) check_threads(batch, threads, quick, target);
      plant("float logits", target, quick.logits);
      plant("float pools", target, quick.pooled);
      holds(quick, kFloat, "float");
    }
    check_alone(plain_, graphs, plain, Target::scalar);
  }

  /// A batch that is wrong in one place.
  void check_refused(const BatchArrays& batch) const {
    const auto refused = [&](const auto& engine) {
      bool thrown = false;
      try {
        answer(engine, batch);
      } catch (const Error&) {
        thrown = true;
      }
      plant("refused", thrown);
      expect(thrown, "a wrong batch is refused");
    };
    refused(quick_);
    refused(plain_);
  }

 private:
  template <class T>
  void check_alone(const Engine<T>& engine,
                   const std::vector<SmallGraph>& graphs,
                   const Answer<T>& batch,
                   Target target) const {
    Answer<T> alone;
    for (const SmallGraph& graph : graphs) {
      const Answer<T> one = answer(engine, BatchArrays(network_, {graph}));
      alone.logits.insert(alone.logits.end(), one.logits.begin(), one.logits.end());
      alone.pooled.insert(alone.pooled.end(), one.pooled.begin(), one.pooled.end());
    }
    plant("alone", target, alone.logits);
    same_bytes(alone.logits, batch.logits, "alone and in a batch");
    same_bytes(alone.pooled, batch.pooled, "pools, alone and in a batch");
  }

  void check_threads(const BatchArrays& batch,
                     int threads,
                     const Answer<float>& want,
                     Target target) const {
    Answer<float> got = answer(quick_, batch, threads);
    plant("threads", target, got.logits);
    same_bytes(got.logits, want.logits, "in several threads");
    same_bytes(got.pooled, want.pooled, "pools, in several threads");
  }

  const NetworkSetup& setup_;
  const Network& network_;
  Engine<double> plain_, exact_;
  Engine<float> quick_;
};

}  // namespace

void run(std::span<const std::uint8_t> data) {
  Bytes bytes(data);
  const int kind = bytes.byte();
  const NetworkSetup setup = read_network(bytes);
  Network network = setup.network;
  NamedWeights views;
  for (const auto& [name, values] : setup.weights) views.emplace(name, values);
  bool taken = true;
  try {
    set_weights(network, setup.depths, views);
  } catch (const ValueError&) {
    taken = false;
  }
  plant("taken", taken);
  expect(taken == setup.valid, "sound networks, and no others, are taken");
  if (!taken) return;
  const Checker checker(setup, network);
  const std::vector<SmallGraph> graphs = read_graphs(bytes, setup);
  if (kind % 8 == 1) {
    BatchArrays batch(network, graphs);
    if (spoil_batch(bytes, batch)) checker.check_refused(batch);
  }
  checker.check(graphs, kind % 8 == 2 ? 2 + kind / 64 : 1);
}

}  // namespace gftcore::fuzz
