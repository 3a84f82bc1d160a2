// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "attribution/backward.hpp"
#include "attribution/target.hpp"

namespace gftcore::attribution {

/// What one chunk of panels gives to one of the sums.
template <class T>
struct ChunkSum {
  index_t sum = 0;
  std::vector<std::vector<T>> parts;
};

/// Values at both ends of the path.
template <class T>
struct PathEnds {
  explicit PathEnds(const PathProgram<T>& program) : start(program), end(program) {}

  Tape<T> start, end;
};

/// Works on one graph after the other, in memory that it keeps.
template <class T>
class Worker {
 public:
  explicit Worker(const PathProgram<T>& program)
      : forward_(program),
        backward_(program, forward_),
        ends_(program),
        kept_{Tape<T>(program), Tape<T>(program), Tape<T>(program)},
        program_(program) {}

  /// Reads a graph. Throws ValueError as `nn::read_graph` does.
  void enter(const BatchView<T>& batch,
             const std::vector<std::span<const T>>& baseline,
             index_t graph,
             PathOver over);

  /// Runs the network at both ends of the path.
  const PathEnds<T>& run_ends();

  /// `decisions`: null, or of each panel: as long as `panels`.
  std::vector<ChunkSum<T>> run_chunk(std::span<const Panel> panels,
                                     const PathEnds<T>& ends,
                                     const PathTarget& target,
                                     std::vector<PanelDecisions>* decisions,
                                     bool obeyed);

  const PathGraph<T>& graph() const { return graph_; }

  /// About as many bytes as it keeps: those of the largest graph so far.
  std::size_t bytes() const { return bytes_; }

 private:
  const Tape<T>& at(double alpha, const PathEnds<T>& ends, bool alone);

  PathGraph<T> graph_;
  Forward<T> forward_;
  Backward<T> backward_;
  PathEnds<T> ends_;
  std::array<Tape<T>, 3> kept_;  // as many as a panel and its two halves need
  std::array<int, 3> age_{};
  std::vector<PartSums<T>> sums_;
  std::size_t bytes_ = 0;
  const PathProgram<T>& program_;
};

/// Logits without pads, in double precision.
template <class T>
std::vector<double> logits_of(const Tape<T>& tape, index_t classes) {
  return {tape.logits().begin(), tape.logits().begin() + classes};
}

extern template class Worker<float>;
extern template class Worker<double>;

}  // namespace gftcore::attribution
