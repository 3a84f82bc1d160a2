// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "gftcore/graph/batch.hpp"
#include "gftcore/nn/program.hpp"

namespace gftcore {

namespace nn {
template <class T>
class Runner;
}

/// Runs a program on batches. May be used by several threads at once.
///
/// Deterministic: a graph's result depends on that graph, the program and the SIMD target alone,
/// not on the batch around it or on the number of threads. Targets differ by rounding.
template <class T>
class Engine {
 public:
  explicit Engine(Program<T> program);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  index_t classes() const { return program_.classes; }
  index_t pooled_width() const;

  /// logits [graphs, classes]; pooled [graphs, pooled_width()]: what the head reads. A pool of no
  /// node is 0, a mean over no edge is 0. Threads take one graph after the other; where the system
  /// gives fewer of them, those do the work.
  /// Throws ShapeError or ValueError if arrays are not what the program needs or an edge leaves
  /// its graph; ValueError unless threads >= 1.
  void run(const BatchView<T>& batch, int threads, std::span<T> logits, std::span<T> pooled) const;

 private:
  std::unique_ptr<nn::Runner<T>> borrowed() const;
  void returned(std::unique_ptr<nn::Runner<T>> runner) const;

  Program<T> program_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<nn::Runner<T>>> idle_;  // with their scratch memory
};

extern template class Engine<float>;
extern template class Engine<double>;

}  // namespace gftcore
