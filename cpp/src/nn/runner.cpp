// SPDX-License-Identifier: Apache-2.0
#include "nn/runner.hpp"

#include <algorithm>

namespace gftcore::nn {

template <class T>
Runner<T>::Runner(const Program<T>& program)
    : program_(program), state_(program), pools_(program.types.size(), Pools<T>(program.width)) {
  pooled_.resize(static_cast<std::size_t>(program.head.front().depth));
}

template <class T>
void Runner<T>::run(const BatchView<T>& batch, index_t graph, T* logits, T* pooled) {
  state_.kernels = active_kernels<T>();
  read_graph<T>(batch, graph, program_.relations, program_.convolution, state_.graph);
  for (std::size_t t = 0; t < program_.types.size(); ++t) enter(t);
  for (std::size_t l = 0; l + 1 < program_.layers.size(); ++l) run_layer(program_.layers[l]);
  run_last_layer(program_.layers.back());
  T* out = pooled_.data();
  for (std::size_t t = 0; t < program_.types.size(); ++t) {
    for (const Pool pool : program_.types[t].pools) {
      pools_[t].write(pool, state_.graph.nodes[t], out);
      pooled = std::copy_n(out, program_.hidden, pooled);
      out += program_.width;
    }
  }
  const T* result = chain(program_.head, pooled_.data(), std::ssize(pooled_), 1, nullptr);
  std::copy_n(result, program_.classes, logits);
}

/// Blocks before the first layer; where there are none, features are copied into padded rows.
template <class T>
void Runner<T>::enter(std::size_t type) {
  const TypeProgram<T>& program = program_.types[type];
  const index_t nodes = state_.graph.nodes[type];
  state_.depth[type] = program.depth;
  T* out = state_.h[type].template request<T>(nodes * program.depth);
  const T* x = state_.graph.x[type];
  for (index_t row = 0; row < nodes; row += kBlockRows) {
    const index_t rows = std::min(kBlockRows, nodes - row);
    const T* in = x + row * program.features;
    T* to = out + row * program.depth;
    if (!program.pre.empty()) {
      chain(program.pre, in, program.features, rows, to);
      continue;
    }
    for (index_t r = 0; r < rows; ++r, in += program.features, to += program.depth) {
      std::copy_n(in, program.features, to);
      std::fill(to + program.features, to + program.depth, T{0});
    }
  }
}

template <class T>
void Runner<T>::run_layer(const LayerProgram<T>& layer) {
  prepare_layer(state_, layer);
  for (std::size_t t = 0; t < layer.types.size(); ++t) {
    const index_t nodes = state_.graph.nodes[t];
    T* out = state_.next[t].template request<T>(nodes * program_.width);
    for (index_t row = 0; row < nodes; row += kBlockRows) {
      const index_t rows = std::min(kBlockRows, nodes - row);
      layer_rows(state_, layer, t, row, rows, out + row * program_.width);
    }
  }
  std::swap(state_.h, state_.next);
  std::ranges::fill(state_.depth, program_.width);
}

/// Its rows go through the blocks behind the layers into the pools, and nowhere else.
template <class T>
void Runner<T>::run_last_layer(const LayerProgram<T>& layer) {
  prepare_layer(state_, layer);
  T* out = state_.block(0);
  for (std::size_t t = 0; t < layer.types.size(); ++t) {
    pools_[t].clear();
    const index_t nodes = state_.graph.nodes[t];
    for (index_t row = 0; row < nodes; row += kBlockRows) {
      const index_t rows = std::min(kBlockRows, nodes - row);
      layer_rows(state_, layer, t, row, rows, out);
      const T* end = chain(program_.types[t].post, out, program_.width, rows, nullptr);
      pools_[t].add(state_.kernels, end, rows);
    }
  }
}

/// Returns the last layer's output: `last_out`, or memory of the blocks where that is null.
template <class T>
const T* Runner<T>::chain(
    std::span<const Dense<T>> layers, const T* in, index_t stride, index_t rows, T* last_out) {
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const bool last = k + 1 == layers.size() && last_out != nullptr;
    T* out = last ? last_out : state_.block(1 + k % 2);
    apply(layers[k], in, stride, rows, out);
    in = out;
    stride = layers[k].width;
  }
  return in;
}

template <class T>
void Runner<T>::apply(const Dense<T>& dense, const T* in, index_t stride, index_t rows, T* out) {
  const bool norm = !dense.mean.empty();
  const simd::Act act = kernel_act(dense.act);
  state_.kernels.multiply({in,
                           stride,
                           dense.weight.data(),
                           dense.depth,
                           dense.width,
                           rows,
                           out,
                           false,
                           dense.bias.data(),
                           norm ? simd::Act::none : act});
  if (!norm) return;
  T* value = out;
  for (index_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < dense.mean.size(); ++c, ++value) {
      *value = (*value - dense.mean[c]) * dense.scale[c] + dense.shift[c];
    }
  }
  state_.kernels.finish({out, rows, dense.width, nullptr, nullptr, act});
}

template class Runner<float>;
template class Runner<double>;

}  // namespace gftcore::nn
