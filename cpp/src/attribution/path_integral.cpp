// SPDX-License-Identifier: Apache-2.0
#include "gftcore/attribution/path_integral.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "attribution/worker.hpp"
#include "gftcore/common/error.hpp"
#include "nn/blocks.hpp"
#include "nn/require_fit.hpp"

namespace gftcore {
namespace {

using attribution::ChunkSum;
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

/// Chunks first .. last in a worker that has read the graph.
template <class T>
void run_chunks(Worker<T>& worker,
                const PathEnds<T>& ends,
                const Question& question,
                std::size_t first,
                std::size_t last,
                std::vector<std::vector<ChunkSum<T>>>& out) {
  for (std::size_t i = first; i < last; ++i) {
    std::vector<PanelDecisions>* kept = nullptr;
    if (question.decisions != nullptr) kept = &(*question.decisions)[i];
    const std::vector<Panel>& panels = question.request.chunks[i];
    out[i] = worker.run_chunk(panels, ends, question.target, kept, question.obeyed);
  }
}

/// Chunks in their order, in double precision.
template <class T>
std::vector<std::vector<std::vector<double>>> added(
    const std::vector<std::vector<ChunkSum<T>>>& chunks, index_t sums) {
  std::vector<std::vector<std::vector<double>>> out(static_cast<std::size_t>(sums));
  for (const std::vector<ChunkSum<T>>& chunk : chunks) {
    for (const ChunkSum<T>& one : chunk) {
      std::vector<std::vector<double>>& to = out[static_cast<std::size_t>(one.sum)];
      to.resize(one.parts.size());
      for (std::size_t p = 0; p < to.size(); ++p) {
        to[p].resize(one.parts[p].size());
        for (std::size_t i = 0; i < to[p].size(); ++i) {
          to[p][i] += static_cast<double>(one.parts[p][i]);
        }
      }
    }
  }
  return out;
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
PathIntegrator<T>::PathIntegrator(Program<T> program)
    : program_(std::make_unique<PathProgram<T>>(std::move(program))) {}

template <class T>
PathIntegrator<T>::~PathIntegrator() = default;

template <class T>
std::unique_ptr<Worker<T>> PathIntegrator<T>::borrowed() const {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Worker<T>> worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
  }
  return std::make_unique<Worker<T>>(*program_);
}

template <class T>
void PathIntegrator<T>::returned(std::unique_ptr<Worker<T>> worker) const {
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(worker));
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
    Question question{request, result.target, nullptr, obeyed};
    if (decisions != nullptr) question.decisions = &decisions->panels[i];
    const std::size_t count = request.chunks.size();
    std::vector<std::vector<ChunkSum<T>>> chunks(count);
    // Each thread takes neighbours, which share points of the path.
    const std::size_t stretches = std::min(shared, std::max<std::size_t>(1, count));
    nn::for_each_in_threads(stretches, static_cast<int>(stretches), [&](std::size_t s) {
      const std::size_t first = count * s / stretches;
      const std::size_t last = count * (s + 1) / stretches;
      if (s == 0) return run_chunks(*leader, ends, question, first, last, chunks);
      std::unique_ptr<Worker<T>> worker = borrowed();
      worker->enter(batch, from, request.graph, over);
      run_chunks(*worker, ends, question, first, last, chunks);
      returned(std::move(worker));
    });
    result.sums = added(chunks, request.sums);
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
