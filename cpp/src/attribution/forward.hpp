// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "attribution/kernels.hpp"
#include "attribution/path_graph.hpp"
#include "attribution/path_program.hpp"
#include "attribution/tape.hpp"
#include "nn/graph_state.hpp"
#include "nn/pooling.hpp"

namespace gftcore::attribution {

/// Where the path enters the network: values that are affine in alpha, of one type.
template <class T>
struct Entry {
  index_t width = 0;
  Activation act = Activation::none;
  ScratchMemory start;  // [nodes or 1, width]
  index_t start_stride = 0;
  ScratchMemory step;   // [nodes, width]
  ScratchMemory fixed;  // edges only: what enters layer 1 [nodes, depth]
};

/// Runs a program at points of the path of one graph.
template <class T>
class Forward {
 public:
  explicit Forward(const PathProgram<T>& program);

  /// What does not depend on alpha; `graph` stays where it is.
  void enter(const PathGraph<T>& graph);

  /// The network at alpha; O(nodes H^2 + edges H) for each layer.
  void run(double alpha, Tape<T>& out);

  /// h = act(z)
  void activate(T* z, index_t rows, index_t width, Activation act, T* h) const;

  /// A linear layer and its norm, without the activation.
  void dense(const Dense<T>& from, const T* in, index_t stride, index_t rows, T* z) const;

  const Entry<T>& entry(std::size_t type) const { return entries_[type]; }

 private:
  void enter_nodes(std::size_t type);
  void enter_edges();
  void run_pre(std::size_t type, T alpha, Tape<T>& out);
  void run_layer(std::size_t layer, T alpha, Tape<T>& out);
  void run_post(std::size_t type, const T* in, index_t row, index_t rows, Tape<T>& out);
  void run_head(Tape<T>& out);
  void scale_messages(T alpha);

  const PathProgram<T>& program_;
  const PathGraph<T>* graph_ = nullptr;
  Kernels<T> kernels_;
  nn::GraphState<T> state_;
  std::vector<Entry<T>> entries_;        // of each type
  std::vector<nn::Pools<T>> pools_;      // of each type
  std::vector<AlignedVector<T>> peaks_;  // of each type: the maxima before a block
  AlignedVector<T> pooled_;
  std::array<ScratchMemory, 2> blocks_;  // [kBlockRows, widest]
};

extern template class Forward<float>;
extern template class Forward<double>;

}  // namespace gftcore::attribution
