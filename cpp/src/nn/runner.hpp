// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "nn/graph_state.hpp"
#include "nn/pooling.hpp"

namespace gftcore::nn {

/// Runs a program on one graph after the other, in memory that it keeps.
template <class T>
class Runner {
 public:
  explicit Runner(const Program<T>& program);

  /// One graph of a batch that fits the program: logits [classes], pooled [all pools, hidden].
  void run(const BatchView<T>& batch, index_t graph, T* logits, T* pooled);

 private:
  void enter(std::size_t type);
  void run_layer(const LayerProgram<T>& layer);
  void run_last_layer(const LayerProgram<T>& layer);
  const T* chain(
      std::span<const Dense<T>> layers, const T* in, index_t stride, index_t rows, T* last_out);
  void apply(const Dense<T>& dense, const T* in, index_t stride, index_t rows, T* out);

  const Program<T>& program_;
  GraphState<T> state_;
  std::vector<Pools<T>> pools_;  // of each type
  AlignedVector<T> pooled_;      // padded: what the head reads
};

extern template class Runner<float>;
extern template class Runner<double>;

}  // namespace gftcore::nn
