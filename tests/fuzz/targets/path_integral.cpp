// SPDX-License-Identifier: Apache-2.0
// Path integrals of any network on any graphs: their sums against the reference's outputs at both
// ends, folded against unfolded, float against double by the same decisions.
#include "gftcore/attribution/path_integral.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

#include "check.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/nn/program.hpp"
#include "networks.hpp"
#include "plant.hpp"
#include "target.hpp"
#include "target_guard.hpp"

namespace gftcore::fuzz {
namespace {

using naive::SmallGraph;

/// Rounding in units of the sizes below: more than ten times the largest that thousands of inputs
/// show.
constexpr double kExact = 2e-12;
constexpr double kFloat = 2e-5;

/// What is asked of every graph of a batch.
struct Setting {
  PathOver over = PathOver::nodes;
  PathTarget target;
  std::vector<std::vector<Panel>> chunks;
  std::vector<SmallGraph> start;  // graphs at the beginning of the path
  int threads = 1;
};

/// Panels that cover the path, in chunks of any length.
std::vector<std::vector<Panel>> read_chunks(Bytes& bytes) {
  std::vector<double> ends{0.0, 1.0};
  const int cuts = bytes.byte() % 5;
  for (int i = 0; i < cuts; ++i) ends.push_back(bytes.byte() / 255.0);
  std::ranges::sort(ends);
  const int chunking = bytes.byte();
  std::vector<std::vector<Panel>> out(1);
  for (std::size_t i = 1; i < ends.size(); ++i) {
    if ((chunking >> i & 1) != 0) out.emplace_back();
    out.back().push_back({ends[i - 1], ends[i], ends[i] - ends[i - 1], 0});
  }
  return out;
}

/// For edges graphs without any; else rows of other values: all, one in four, or all of zeros.
std::vector<SmallGraph> read_start(Bytes& bytes, const std::vector<SmallGraph>& end, bool edges) {
  const int how = bytes.byte() % 3;
  Random random(bytes.two_bytes());
  std::vector<SmallGraph> out = end;
  for (SmallGraph& graph : out) {
    for (naive::Edges& list : graph.edges) {
      if (edges) list.clear();
    }
    for (auto& rows : graph.x) {
      for (std::vector<double>& row : rows) {
        if (edges || (how == 2 && random.below(4) != 0)) continue;
        for (double& x : row) x = how == 0 ? 0.0 : 4 * unit(random);
      }
    }
  }
  return out;
}

Setting read_setting(Bytes& bytes, const Network& network, const std::vector<SmallGraph>& graphs) {
  Setting out;
  const int kind = bytes.byte();
  out.target.kind = static_cast<TargetKind>(kind % 3);
  if (network.classes < 2) out.target.kind = TargetKind::logit;
  if (kind / 3 % 2 == 1) out.target.place = bytes.byte() % network.classes;
  if (kind / 6 % 2 == 1 && network.convolution == Convolution::sage) out.over = PathOver::edges;
  out.chunks = read_chunks(bytes);
  out.start = read_start(bytes, graphs, out.over == PathOver::edges);
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

void near(double got, double want, double limit, const char* what) {
  if (std::abs(got - want) <= limit) return;
  std::ostringstream how;
  how.precision(17);
  how << "got " << got << ", want " << want << " to " << limit;
  differ(what, how.str());
}

class Checker {
 public:
  Checker(const NetworkSetup& setup, const Network& network)
      : network_(network),
        reference_(network, setup.depths, setup.weights),
        plain_(unfolded(network)),
        exact_(folded<double>(network, false)),
        quick_(folded<float>(network, true)) {}

  void check(const std::vector<SmallGraph>& graphs, const Setting& setting) const {
    PathDecisions decisions;
    std::vector<PathResult> plain = run(plain_, graphs, setting, &decisions);
    std::vector<double> sizes;
    for (std::size_t g = 0; g < graphs.size(); ++g) {
      plant("parts", plain[g].sums);
      plant("logits at the start", plain[g].start);
      plant("logits at the end", plain[g].end);
      sizes.push_back(check_one(graphs[g], setting.start[g], plain[g], kExact, "unfolded"));
    }
    std::vector<PathResult> exact = run(exact_, graphs, setting, &decisions);
    for (std::size_t g = 0; g < graphs.size(); ++g) {
      plant("folded parts", exact[g].sums);
      check_same(exact[g], plain[g], kExact * sizes[g], "folded");
    }
    const TargetGuard guard;
    for (const Target target : available_targets()) {
      set_active_target(target);
      std::vector<PathResult> obedient = run(quick_, graphs, setting, &decisions);
      std::vector<PathResult> quick = run(quick_, graphs, setting);
      for (std::size_t g = 0; g < graphs.size(); ++g) {
        plant("obedient parts", target, obedient[g].sums);
        check_same(obedient[g], plain[g], kFloat * sizes[g], "float by the same decisions");
        check_alone(graphs[g], setting, g, quick[g], target);
        plant("float parts", target, quick[g].sums);
        check_one(graphs[g], setting.start[g], quick[g], kFloat, "float");
      }
    }
  }

  /// Decisions that are wrong in one place.
  void check_decisions(Bytes& bytes,
                       const std::vector<SmallGraph>& graphs,
                       const Setting& setting) const {
    PathDecisions decisions;
    run(plain_, graphs, setting, &decisions);
    if (decisions.panels.empty()) return;
    auto& chunks = decisions.panels.front();
    const int how = bytes.byte() % 4;
    if (how == 0) chunks.emplace_back();
    if (how == 1) chunks.back().pop_back();
    if (how == 2) chunks.back().front().logits.push_back(0);
    if (how == 3) chunks.back().back().activations.pop_back();
    expect_refused([&] { run(quick_, graphs, setting, &decisions); }, "wrong decisions");
  }

  /// A request that is wrong in one place.
  void check_request(Bytes& bytes, const std::vector<SmallGraph>& graphs, Setting setting) const {
    if (graphs.empty()) return;
    const int how = bytes.byte() % 6;
    Panel& panel = setting.chunks.back().front();
    if (how == 0) panel.begin = std::numeric_limits<double>::quiet_NaN();
    if (how == 1) panel.end = 1.5;
    if (how == 2) panel.sum = 1;
    if (how == 3) panel.sum = -1;
    if (how == 4) setting.target.place = network_.classes;
    if (how == 5) setting.threads = 0;
    expect_refused([&] { run(quick_, graphs, setting); }, "a wrong request");
    expect_refused([&] { run(plain_, graphs, setting); }, "a wrong request");
  }

  /// A batch that is wrong in one place.
  void check_batch(const BatchArrays& batch) const {
    std::vector<PathRequest> all;  // what a graph refers to is looked at when it is read
    for (index_t g = 0; g < std::clamp<index_t>(batch.graphs, 0, 9); ++g) {
      all.push_back({g, {}, {}, 1});
    }
    const auto over = PathOver::nodes;
    expect_refused([&] { quick_.run(batch.view<float>(), {}, all, over, 1); }, "a wrong batch");
    expect_refused([&] { plain_.run(batch.view<double>(), {}, all, over, 1); }, "a wrong batch");
  }

 private:
  template <class Call>
  static void expect_refused(const Call& call, const char* what) {
    bool thrown = false;
    try {
      call();
    } catch (const Error&) {
      thrown = true;
    }
    plant(what, thrown);
    expect(thrown, what);
  }

  template <class T>
  std::vector<PathResult> run(const PathIntegrator<T>& integrator,
                              const std::vector<SmallGraph>& graphs,
                              const Setting& setting,
                              PathDecisions* decisions = nullptr) const {
    const BatchArrays batch(network_, graphs);
    const BatchArrays start(network_, setting.start);
    std::vector<std::span<const T>> baseline;
    const BatchView<T> from = start.view<T>();
    if (setting.over == PathOver::nodes) {
      for (const NodeView<T>& type : from.types) baseline.push_back(type.x);
    }
    std::vector<PathRequest> requests;
    for (index_t g = 0; g < std::ssize(graphs); ++g) {
      requests.push_back({g, setting.target, setting.chunks, 1});
    }
    return integrator.run(
        batch.view<T>(), baseline, requests, setting.over, setting.threads, decisions);
  }

  /// Logits at both ends and the sum of the parts; returns the size of what was added up.
  double check_one(const SmallGraph& end,
                   const SmallGraph& start,
                   const PathResult& got,
                   double tolerance,
                   const char* what) const {
    double size = 1;
    const auto logits = [&](const SmallGraph& graph, const std::vector<double>& found) {
      naive::Row pooled;
      naive::Row row;
      reference_.run(graph, pooled, row);
      std::vector<double> out;
      same(found.size(), row.size(), what);
      for (std::size_t c = 0; c < row.size(); ++c) {
        near(found[c], row[c].value, tolerance * row[c].size, what);
        out.push_back(row[c].value);
        size += row[c].size;
      }
      return out;
    };
    const std::vector<double> before = logits(start, got.start);
    const std::vector<double> after = logits(end, got.end);
    double sum = 0;
    for (const std::vector<double>& part : got.sums.front()) {
      for (const double one : part) {
        sum += one;
        size += std::abs(one);
      }
    }
    near(sum, value(got.target, after) - value(got.target, before), tolerance * size, what);
    return size;
  }

  static void check_same(const PathResult& got,
                         const PathResult& want,
                         double limit,
                         const char* what) {
    const auto& parts = got.sums.front();
    same(parts.size(), want.sums.front().size(), what);
    for (std::size_t p = 0; p < parts.size(); ++p) {
      same(parts[p].size(), want.sums.front()[p].size(), what);
      for (std::size_t i = 0; i < parts[p].size(); ++i) {
        near(parts[p][i], want.sums.front()[p][i], limit, what);
      }
    }
  }

  void check_alone(const SmallGraph& graph,
                   const Setting& setting,
                   std::size_t place,
                   const PathResult& batch,
                   Target target) const {
    Setting one = setting;
    one.start = {setting.start[place]};
    one.threads = 1;
    std::vector<PathResult> alone = run(quick_, {graph}, one);
    plant("alone", target, alone.front().sums);
    for (std::size_t p = 0; p < batch.sums.front().size(); ++p) {
      same_bytes(alone.front().sums.front()[p], batch.sums.front()[p], "alone and in a batch");
    }
  }

  const Network& network_;
  naive::NaiveNetwork reference_;
  PathIntegrator<double> plain_, exact_;
  PathIntegrator<float> quick_;
};

}  // namespace

void run(std::span<const std::uint8_t> data) {
  Bytes bytes(data);
  const int kind = bytes.byte();
  const NetworkSetup setup = read_network(bytes);
  if (!setup.valid) return;
  Network network = setup.network;
  NamedWeights views;
  for (const auto& [name, values] : setup.weights) views.emplace(name, values);
  set_weights(network, setup.depths, views);
  const Checker checker(setup, network);
  const std::vector<SmallGraph> graphs = read_graphs(bytes, setup);
  Setting setting = read_setting(bytes, network, graphs);
  if (kind % 8 == 2) setting.threads = 2 + kind / 64;
  if (kind % 8 == 3) checker.check_decisions(bytes, graphs, setting);
  if (kind % 8 == 4) checker.check_request(bytes, graphs, setting);
  if (kind % 8 == 1) {
    BatchArrays batch(network, graphs);
    if (spoil_batch(bytes, batch)) checker.check_batch(batch);
  }
  checker.check(graphs, setting);
}

}  // namespace gftcore::fuzz
