// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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

/// A quantity of one graph: a logit, its margin over another one, or a probability. A margin over a
/// given class whose own class is left open is that of the largest of the others.
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
/// in an order that depends on their number alone. Panels that follow each other should share ends:
/// values are kept for three points and both ends of the path.
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
  /// destination as the batch has them. Zeros for a sum that no panel names, and for all sums if
  /// logits at an end of the path are not finite.
  std::vector<std::vector<std::vector<double>>> sums;
};

/// Integrated gradients of a network's outputs along straight paths, (x - x0) times the weighted
/// sum of panel multipliers. A panel's multipliers M of an operation y = f(u) meet
/// y(end) - y(begin) = sum of M (u(end) - u(begin)) exactly, so that what panels of [0, 1] with
/// weights end - begin give adds up to the difference of the output; multipliers of a point are
/// derivatives. Slopes at 0 are those below. Of equal pooled maxima the lowest row leads; but of
/// those that are equal but for rounding where a panel begins at 0, the one that is the largest
/// where it ends.
///
/// Cost: each end of a panel that is not kept is a run of the network, each panel a way back; both
/// O(nodes H^2 + edges H) a layer. A worker keeps about (5 S + 12) H values a node, S activations
/// behind each other and H channels: two ends of the path and three points, of which two stay
/// without memory if all panels are points. A request's sums are kept up to 33 times while threads
/// share it, else twice.
///
/// Deterministic: a result depends on the graph, the request, the program and the SIMD target, not
/// on the batch, other requests or the number of threads. May be used by several threads at once.
template <class T>
class PathIntegrator {
 public:
  /// Workers that wait for the next run keep their memory, up to so many bytes together.
  static constexpr std::size_t kMostIdleBytes = std::size_t{512} << 20;

  explicit PathIntegrator(Program<T> program, std::size_t most_idle_bytes = kMostIdleBytes);
  ~PathIntegrator();
  PathIntegrator(const PathIntegrator&) = delete;
  PathIntegrator& operator=(const PathIntegrator&) = delete;

  /// `baseline`: x0 of each type, as long as x; empty: 0, and so are all baselines for edges.
  /// Threads take one request after the other, or groups of a request's chunks, 32 at most, if
  /// there are more threads than requests. Throws ShapeError or ValueError if arrays are not what
  /// the program needs, a graph, class or sum does not exist, panels do not lie in [0, 1], threads
  /// < 1, or edges of a GCN are asked for, whose edges from a node to itself are no messages of
  /// others. Logits that are not finite are no error: the caller looks at `start` and `end`.
  ///
  /// `decisions`, for checks: an empty one is filled; what another run with the same requests, in
  /// either precision, has put into it is obeyed, ShapeError if it does not fit.
  std::vector<PathResult> run(const BatchView<T>& batch,
                              const std::vector<std::span<const T>>& baseline,
                              std::span<const PathRequest> requests,
                              PathOver over,
                              int threads,
                              PathDecisions* decisions = nullptr) const;

  /// About as many bytes as workers keep that wait for the next run.
  std::size_t idle_bytes() const;

 private:
  std::unique_ptr<attribution::Worker<T>> borrowed() const;
  void returned(std::unique_ptr<attribution::Worker<T>> worker) const;

  std::unique_ptr<attribution::PathProgram<T>> program_;
  std::size_t most_idle_bytes_;
  mutable std::mutex mutex_;
  mutable std::size_t idle_bytes_ = 0;
  mutable std::vector<std::unique_ptr<attribution::Worker<T>>> idle_;  // with scratch memory
};

extern template class PathIntegrator<float>;
extern template class PathIntegrator<double>;

}  // namespace gftcore
