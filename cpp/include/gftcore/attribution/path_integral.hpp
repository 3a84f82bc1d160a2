// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "gftcore/attribution/path_decisions.hpp"
#include "gftcore/graph/batch.hpp"
#include "gftcore/nn/network.hpp"
#include "gftcore/nn/program.hpp"

namespace gftcore {

namespace attribution {
template <class T>
struct PathProgram;
template <class T>
class Worker;
}  // namespace attribution

enum class TargetKind { logit, margin, probability };

/// A quantity of one graph: a logit, its margin over another one, or a probability.
struct PathTarget {
  TargetKind kind = TargetKind::logit;
  index_t place = -1;    // -1: the class with the largest logit at the input, the first of equals
  index_t against = -1;  // margin: -1: the class with the largest other logit at the input
};

/// A stretch of the path; equal ends mean a point. Its share is added to sum number `sum`.
struct Panel {
  double begin = 0;
  double end = 0;
  double weight = 0;
  index_t sum = 0;
};

/// One graph of a batch. Panels of a chunk add up in its precision, chunks in double precision and
/// in their order. Panels that follow each other should share ends: values are kept for a few.
struct PathRequest {
  index_t graph = 0;
  PathTarget target;
  std::vector<std::vector<Panel>> chunks;
  index_t sums = 1;
};

/// What moves from 0 to 1 along the path: features from a baseline to the input, or the factors of
/// all messages (of all layers; means are still divided by the number of edges).
enum class PathOver { nodes, edges };

struct PathResult {
  PathTarget target;               // with places
  std::vector<double> start, end;  // [classes] logits at both ends of the path
  /// For each sum: nodes: of each type [N_t, F_t]; edges: of each relation [layers, E_r], by
  /// destination as the batch has them.
  std::vector<std::vector<std::vector<double>>> sums;
};

/// Integrated gradients of a network's outputs along straight paths, (x - x0) times the weighted
/// sum of panel multipliers. A panel's multipliers M of an operation y = f(u) meet
/// y(end) - y(begin) = sum of M (u(end) - u(begin)) exactly, so that what panels of [0, 1] with
/// weights end - begin give adds up to the difference of the output; multipliers of a point are
/// derivatives. Slopes at 0 are those below; of equal pooled maxima the lowest row leads.
///
/// Deterministic: a result depends on the graph, the request, the program and the SIMD target, not
/// on the batch, other requests or the number of threads. May be used by several threads at once.
template <class T>
class PathIntegrator {
 public:
  explicit PathIntegrator(Program<T> program);
  ~PathIntegrator();
  PathIntegrator(const PathIntegrator&) = delete;
  PathIntegrator& operator=(const PathIntegrator&) = delete;

  /// `baseline`: x0 of each type, as long as x; empty: 0, and so are all baselines for edges.
  /// Threads take one request after the other, or chunks if there are more threads than requests.
  /// Throws ShapeError or ValueError if arrays are not what the program needs, a graph, class or
  /// sum does not exist, panels do not lie in [0, 1], threads < 1, or edges of a GCN are asked for,
  /// whose edges from a node to itself are no messages of others.
  ///
  /// `decisions`, for checks: an empty one is filled; what another run with the same requests, in
  /// either precision, has put into it is obeyed, ShapeError if it does not fit.
  std::vector<PathResult> run(const BatchView<T>& batch,
                              const std::vector<std::span<const T>>& baseline,
                              std::span<const PathRequest> requests,
                              PathOver over,
                              int threads,
                              PathDecisions* decisions = nullptr) const;

 private:
  std::unique_ptr<attribution::Worker<T>> borrowed() const;
  void returned(std::unique_ptr<attribution::Worker<T>> worker) const;

  std::unique_ptr<attribution::PathProgram<T>> program_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<attribution::Worker<T>>> idle_;  // with scratch memory
};

extern template class PathIntegrator<float>;
extern template class PathIntegrator<double>;

}  // namespace gftcore
