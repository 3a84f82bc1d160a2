// SPDX-License-Identifier: Apache-2.0
#include "gftcore/attribution/path_integral.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "attribution/ordered_sum.hpp"
#include "attribution/worker.hpp"
#include "gftcore/common/error.hpp"
#include "nn/blocks.hpp"
#include "nn/require_fit.hpp"

namespace gftcore {
namespace {

using attribution::ChunkSum;
using attribution::GroupSum;
using attribution::OrderedSum;
using attribution::PathEnds;
using attribution::PathProgram;
using attribution::Worker;

template <class T>
void require_baseline(const BatchView<T>& batch, const std::vector<std::span<const T>>& baseline) {
  bool fit = baseline.empty() || baseline.size() == batch.types.size();
  for (std::size_t t = 0; fit && t < baseline.size(); ++t) {
    fit = baseline[t].size() == batch.types[t].x.size();
  }
  if (!fit) throw ShapeError("a baseline must have the shape of x for each type");
}

void require_request(const PathRequest& request, index_t graphs, index_t classes) {
  if (request.graph < 0 || request.graph >= graphs) {
    throw ValueError("a request must name a graph of the batch");
  }
  const PathTarget& target = request.target;
  if (target.place >= classes || target.against >= classes ||
      (target.kind == TargetKind::margin &&
       (classes < 2 || (target.place >= 0 && target.place == target.against)))) {
    throw ValueError("a target must name classes of the network, a margin two of them");
  }
  if (request.sums < 1) throw ValueError("a request must have at least one sum");
  for (const std::vector<Panel>& chunk : request.chunks) {
    for (const Panel& panel : chunk) {
      // Also false for NaN.
      if (!(panel.begin >= 0 && panel.begin <= panel.end && panel.end <= 1)) {
        throw ValueError("panels must lie in [0, 1]");
      }
      if (panel.sum < 0 || panel.sum >= request.sums) {
        throw ValueError("a panel must name one of the sums");
      }
    }
  }
}

/// Makes room in empty decisions; whether they are to be obeyed.
bool prepare_decisions(std::span<const PathRequest> requests, PathDecisions& decisions) {
  auto& kept = decisions.panels;
  const bool obeyed = !kept.empty();
  kept.resize(obeyed ? kept.size() : requests.size());
  bool fits = kept.size() == requests.size();
  for (std::size_t i = 0; fits && i < kept.size(); ++i) {
    const std::vector<std::vector<Panel>>& chunks = requests[i].chunks;
    if (!obeyed) kept[i].resize(chunks.size());
    fits = kept[i].size() == chunks.size();
    for (std::size_t k = 0; fits && k < chunks.size(); ++k) {
      if (!obeyed) kept[i][k].resize(chunks[k].size());
      fits = kept[i][k].size() == chunks[k].size();
    }
  }
  attribution::require_same_run(fits);
  return obeyed;
}

/// What one request asks for.
struct Question {
  const PathRequest& request;
  PathTarget target;  // with places
  std::vector<std::vector<PanelDecisions>>* decisions = nullptr;
  bool obeyed = false;
};

/// Groups of neighbouring chunks of a request, at most so many; the request alone decides. Sums of
/// a group that must wait for others are the only ones that are kept.
constexpr std::size_t kMostGroups = 32;

std::size_t groups_of(const PathRequest& request) {
  return std::min(request.chunks.size(), kMostGroups);
}

/// Groups first .. last in a worker that has read the graph.
template <class T>
void run_groups(Worker<T>& worker,
                const PathEnds<T>& ends,
                const Question& question,
                std::size_t first,
                std::size_t last,
                OrderedSum& out) {
  const std::size_t chunks = question.request.chunks.size();
  const std::size_t groups = groups_of(question.request);
  for (std::size_t g = first; g < last; ++g) {
    std::vector<GroupSum> group;
    for (std::size_t i = chunks * g / groups; i < chunks * (g + 1) / groups; ++i) {
      std::vector<PanelDecisions>* kept = nullptr;
      if (question.decisions != nullptr) kept = &(*question.decisions)[i];
      const std::vector<Panel>& panels = question.request.chunks[i];
      for (const ChunkSum<T>& one :
           worker.run_chunk(panels, ends, question.target, kept, question.obeyed)) {
        auto to = std::ranges::find(group, one.sum, &GroupSum::sum);
        if (to == group.end()) to = group.insert(to, GroupSum{one.sum, {}});
        attribution::add_parts(one.parts, to->parts);
      }
    }
    out.add(g, std::move(group));
  }
}

/// Zeros for each sum.
template <class T>
OrderedSum::Sums no_sums(const Program<T>& program,
                         const attribution::PathGraph<T>& graph,
                         index_t sums) {
  std::vector<std::vector<double>> parts;
  if (graph.over == PathOver::nodes) {
    for (std::size_t t = 0; t < program.types.size(); ++t) {
      parts.emplace_back(
          static_cast<std::size_t>(graph.local.nodes[t] * program.types[t].features));
    }
  } else {
    for (const nn::LocalEdges<T>& relation : graph.local.relations) {
      parts.emplace_back(program.layers.size() * relation.col.size());
    }
  }
  OrderedSum::Sums out(static_cast<std::size_t>(sums), parts);
  return out;
}

bool finite(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double x) { return std::isfinite(x); });
}

/// Multipliers become contributions.
template <class T>
void multiply_by_change(const attribution::PathGraph<T>& graph,
                        std::vector<std::vector<double>>& parts) {
  for (std::size_t t = 0; t < parts.size(); ++t) {
    const T* x = graph.local.x[t];
    const T* x0 = graph.baseline[t];
    for (std::size_t i = 0; i < parts[t].size(); ++i) {
      const double from = x0 == nullptr ? 0.0 : static_cast<double>(x0[i]);
      parts[t][i] *= static_cast<double>(x[i]) - from;
    }
  }
}

}  // namespace

template <class T>
PathIntegrator<T>::PathIntegrator(Program<T> program, std::size_t most_idle_bytes)
    : program_(std::make_unique<PathProgram<T>>(std::move(program))),
      most_idle_bytes_(most_idle_bytes) {}

template <class T>
PathIntegrator<T>::~PathIntegrator() = default;

template <class T>
std::unique_ptr<Worker<T>> PathIntegrator<T>::borrowed() const {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Worker<T>> worker = std::move(idle_.back());
      idle_.pop_back();
      idle_bytes_ -= worker->bytes();
      return worker;
    }
  }
  return std::make_unique<Worker<T>>(*program_);
}

template <class T>
void PathIntegrator<T>::returned(std::unique_ptr<Worker<T>> worker) const {
  const std::scoped_lock lock(mutex_);
  if (idle_bytes_ + worker->bytes() > most_idle_bytes_) return;  // and its memory is freed
  idle_bytes_ += worker->bytes();
  idle_.push_back(std::move(worker));
}

template <class T>
std::size_t PathIntegrator<T>::idle_bytes() const {
  const std::scoped_lock lock(mutex_);
  return idle_bytes_;
}

template <class T>
std::vector<PathResult> PathIntegrator<T>::run(const BatchView<T>& batch,
                                               const std::vector<std::span<const T>>& baseline,
                                               std::span<const PathRequest> requests,
                                               PathOver over,
                                               int threads,
                                               PathDecisions* decisions) const {
  const Program<T>& program = program_->forward;
  nn::require_fit(batch, program);
  require_baseline(batch, baseline);
  if (threads < 1) throw ValueError("threads must be at least 1, got " + std::to_string(threads));
  if (over == PathOver::edges && program.convolution == Convolution::gcn) {
    throw ValueError("edges of a GCN cannot be explained");
  }
  for (const PathRequest& request : requests) {
    require_request(request, batch.graphs, program.classes);
  }
  const bool obeyed = decisions != nullptr && prepare_decisions(requests, *decisions);
  const std::vector<std::span<const T>> none;
  const std::vector<std::span<const T>>& from = over == PathOver::nodes ? baseline : none;
  std::vector<PathResult> out(requests.size());
  const auto together = std::max<std::size_t>(1, requests.size());
  const auto shared = std::max<std::size_t>(1, static_cast<std::size_t>(threads) / together);
  nn::for_each_in_threads(requests.size(), threads, [&](std::size_t i) {
    const PathRequest& request = requests[i];
    std::unique_ptr<Worker<T>> leader = borrowed();
    leader->enter(batch, from, request.graph, over);
    const PathEnds<T>& ends = leader->run_ends();
    PathResult& result = out[i];
    result.start = logits_of(ends.start, program.classes);
    result.end = logits_of(ends.end, program.classes);
    result.target = attribution::placed(request.target, result.end);
    result.sums = no_sums(program, leader->graph(), request.sums);
    if (!finite(result.start) || !finite(result.end)) return returned(std::move(leader));
    Question question{request, result.target, nullptr, obeyed};
    if (decisions != nullptr) question.decisions = &decisions->panels[i];
    const std::size_t count = groups_of(request);
    OrderedSum sum(result.sums);
    // Each thread takes neighbours, which share points of the path.
    const std::size_t stretches = std::min(shared, std::max<std::size_t>(1, count));
    nn::for_each_in_threads(stretches, static_cast<int>(stretches), [&](std::size_t s) {
      const std::size_t first = count * s / stretches;
      const std::size_t last = count * (s + 1) / stretches;
      if (s == 0) return run_groups(*leader, ends, question, first, last, sum);
      std::unique_ptr<Worker<T>> worker = borrowed();
      worker->enter(batch, from, request.graph, over);
      run_groups(*worker, ends, question, first, last, sum);
      returned(std::move(worker));
    });
    for (std::vector<std::vector<double>>& parts : result.sums) {
      if (over == PathOver::nodes) multiply_by_change(leader->graph(), parts);
    }
    returned(std::move(leader));
  });
  return out;
}

template class PathIntegrator<float>;
template class PathIntegrator<double>;

}  // namespace gftcore
