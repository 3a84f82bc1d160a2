// SPDX-License-Identifier: Apache-2.0
#include "attribution/worker.hpp"

#include <algorithm>
#include <utility>

namespace gftcore::attribution {
namespace {

/// Values a node and channel: a tape's for each of 5 tapes, and what the ways there and back hold.
constexpr std::size_t kTapes = 5;
constexpr std::size_t kOthers = 12;

template <class T>
std::size_t bytes_of(const PathProgram<T>& program, const nn::LocalGraph<T>& graph) {
  const TypeProgram<T>& type = program.forward.types.front();
  const std::size_t sites = type.pre.size() + program.layers() + type.post.size();
  std::size_t nodes = 0;
  std::size_t edges = 0;
  for (const index_t n : graph.nodes) nodes += static_cast<std::size_t>(n);
  for (const nn::LocalEdges<T>& relation : graph.relations) edges += relation.col.size();
  const std::size_t values = (kTapes * sites + kOthers) * static_cast<std::size_t>(program.width());
  return nodes * values * sizeof(T) + edges * (2 * sizeof(std::int32_t) + sizeof(T));
}

}  // namespace

template <class T>
void Worker<T>::enter(const BatchView<T>& batch,
                      const std::vector<std::span<const T>>& baseline,
                      index_t graph,
                      PathOver over) {
  read_path_graph(batch, baseline, graph, program_.forward, over, graph_);
  forward_.enter(graph_);
  backward_.enter(graph_);
  for (Tape<T>& tape : kept_) tape.alpha = -1;
  bytes_ = std::max(bytes_, bytes_of(program_, graph_.local));
}

template <class T>
const PathEnds<T>& Worker<T>::run_ends() {
  forward_.run(0.0, ends_.start);
  forward_.run(1.0, ends_.end);
  return ends_;
}

/// Values at a point, kept from before or in place of those that were not used for longest. Points
/// that stand alone take turns in one place, so that the others stay without memory.
template <class T>
const Tape<T>& Worker<T>::at(double alpha, const PathEnds<T>& ends, bool alone) {
  if (alpha == 0.0) return ends.start;
  if (alpha == 1.0) return ends.end;
  std::size_t place = 0;
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    ++age_[i];
    if (kept_[i].alpha == alpha) {
      age_[i] = 0;
      place = i;
    }
  }
  if (kept_[place].alpha == alpha) return kept_[place];
  place = alone ? 0 : static_cast<std::size_t>(std::ranges::max_element(age_) - age_.begin());
  age_[place] = 0;
  forward_.run(alpha, kept_[place]);
  return kept_[place];
}

template <class T>
std::vector<ChunkSum<T>> Worker<T>::run_chunk(std::span<const Panel> panels,
                                              const PathEnds<T>& ends,
                                              const PathTarget& target,
                                              std::vector<PanelDecisions>* decisions,
                                              bool obeyed) {
  const index_t classes = program_.forward.classes;
  std::vector<ChunkSum<T>> out;
  for (std::size_t p = 0; p < panels.size(); ++p) {
    const Panel& panel = panels[p];
    auto found = std::ranges::find(out, panel.sum, &ChunkSum<T>::sum);
    const auto place = static_cast<std::size_t>(found - out.begin());
    if (found == out.end()) {
      out.push_back({panel.sum, {}});
      if (place == sums_.size()) sums_.emplace_back();
      sums_[place].clear(program_, graph_, forward_);
    }
    const bool alone = panel.begin == panel.end;
    const Tape<T>& a = at(panel.begin, ends, alone);
    const Tape<T>& b = at(panel.end, ends, alone);
    const PanelAccess access{decisions == nullptr ? nullptr : &(*decisions)[p], obeyed};
    std::vector<double> logits;
    if (access.obeyed) {
      logits = access.panel->logits;
    } else {
      logits = logit_multipliers(target, logits_of(a, classes), logits_of(b, classes));
    }
    if (access.written()) access.panel->logits = logits;
    backward_.run(a, b, std::move(logits), panel.weight, access, sums_[place]);
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i].parts = backward_.parts(sums_[i]);
  return out;
}

template class Worker<float>;
template class Worker<double>;

}  // namespace gftcore::attribution
