// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/index.hpp"
#include "gftcore/nn/network.hpp"

namespace gftcore {

/// Row after row; somebody else owns the memory.
template <class T>
struct MatrixView {
  T* data = nullptr;
  index_t rows = 0;
  index_t cols = 0;
};

/// Edges of a relation r = (s -> t) by target and by source; both list the same edges.
struct LayerEdges {
  RelationEnds ends;
  std::span<const std::int32_t> rowptr;  // [N_t + 1]
  std::span<const std::int32_t> col;     // [E] sources
  std::span<const std::int32_t> colptr;  // [N_s + 1]
  std::span<const std::int32_t> row;     // [E] targets
};

/// One graph layer of width W: z_t = h_t S_t + sum over r = (s -> t) of A_r h_s M_r + c_t,
/// out_t = act(z_t), where A_r h_s is the mean over a node's edges, 0 where it has none.
template <class T>
struct SageLayer {
  std::vector<MatrixView<const T>> h;     // of each type: [N_t, D_t]
  std::vector<MatrixView<const T>> self;  // of each type: S_t [D_t, W]
  std::vector<MatrixView<const T>> nbr;   // of each relation: M_r [D_s, W]
  std::vector<LayerEdges> edges;
  Activation act = Activation::none;
};

/// Derivatives of a scalar by everything that enters a layer.
template <class T>
struct SageGradients {
  std::vector<MatrixView<T>> h;
  std::vector<MatrixView<T>> self;
  std::vector<MatrixView<T>> nbr;
  std::vector<std::span<T>> bias;  // of each type: [W]
};

/// out[t] = out_t [N_t, W], all values overwritten; bias[t] = c_t. Equal bytes for any number of
/// threads on one SIMD target; double precision is scalar. Where a relation has fewer sources than
/// targets its sources are multiplied before they are gathered, else after.
/// Throws ShapeError or ValueError if sizes do not fit, an edge leaves the nodes, or threads < 1.
template <class T>
void sage_layer(const SageLayer<T>& layer,
                const std::vector<std::span<const T>>& bias,
                int threads,
                const std::vector<MatrixView<T>>& out);

/// From g[t], the derivatives by out[t], to those by h, S, M and c; all values are overwritten.
/// Derivatives by weights are sums over blocks of 256 rows, added in the order of the blocks, and
/// nothing is scattered: equal bytes for any number of threads. Errors as for `sage_layer`.
template <class T>
void sage_layer_backward(const SageLayer<T>& layer,
                         const std::vector<MatrixView<const T>>& g,
                         const std::vector<MatrixView<const T>>& out,
                         int threads,
                         const SageGradients<T>& gradients);

extern template void sage_layer(const SageLayer<float>& layer,
                                const std::vector<std::span<const float>>& bias,
                                int threads,
                                const std::vector<MatrixView<float>>& out);
extern template void sage_layer(const SageLayer<double>& layer,
                                const std::vector<std::span<const double>>& bias,
                                int threads,
                                const std::vector<MatrixView<double>>& out);
extern template void sage_layer_backward(const SageLayer<float>& layer,
                                         const std::vector<MatrixView<const float>>& g,
                                         const std::vector<MatrixView<const float>>& out,
                                         int threads,
                                         const SageGradients<float>& gradients);
extern template void sage_layer_backward(const SageLayer<double>& layer,
                                         const std::vector<MatrixView<const double>>& g,
                                         const std::vector<MatrixView<const double>>& out,
                                         int threads,
                                         const SageGradients<double>& gradients);

}  // namespace gftcore
