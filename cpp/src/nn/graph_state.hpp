// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "gftcore/common/scratch_memory.hpp"
#include "gftcore/nn/program.hpp"
#include "nn/kernels.hpp"
#include "nn/local_graph.hpp"

namespace gftcore::nn {

/// Rows that go through a chain of layers together; their values stay in the first-level cache.
inline constexpr index_t kBlockRows = 48;

/// One graph between two layers, and memory that is kept from graph to graph.
template <class T>
struct GraphState {
  explicit GraphState(const Program<T>& program);

  simd::NetworkKernels<T> kernels;
  LocalGraph<T> graph;
  index_t width = 0;                               // of every layer's output
  std::vector<std::size_t> source;                 // of each relation: its source type
  std::vector<index_t> depth;                      // of each type: channels of h
  std::vector<ScratchMemory> h;                    // of each type: [nodes, depth]
  std::vector<ScratchMemory> next;                 // of each type: [nodes, width]
  std::vector<ScratchMemory> transformed;          // of each relation: h_s M_r [sources, width]
  std::vector<std::vector<std::uint8_t>> pattern;  // of each type: [nodes]
  index_t widest = 0;                              // of all layers and blocks
  std::array<ScratchMemory, 4> blocks;             // each [kBlockRows, widest]

  const T* rows(std::size_t type, index_t first) const {
    return h[type].template data<T>() + first * depth[type];
  }
  T* block(std::size_t i) { return blocks[i].template request<T>(kBlockRows * widest); }
};

/// Whether the matrix of a relation is applied to the sources, which then are fewer than the
/// targets; else to the means. The graph alone decides.
template <class T>
bool transforms_first(const GraphState<T>& state, int relation) {
  const LocalEdges<T>& edges = state.graph.relations[static_cast<std::size_t>(relation)];
  return edges.sources < edges.targets;
}

/// What blocks of rows need from other nodes: transformed sources, and the patterns of relations.
template <class T>
void prepare_layer(GraphState<T>& state, const LayerProgram<T>& layer);

/// One layer for rows row .. row + rows of a type. `out` [rows, width] is not one of blocks 1 to 3.
template <class T>
void layer_rows(GraphState<T>& state,
                const LayerProgram<T>& layer,
                std::size_t type,
                index_t row,
                index_t rows,
                T* out);

extern template struct GraphState<float>;
extern template struct GraphState<double>;
extern template void prepare_layer(GraphState<float>& state, const LayerProgram<float>& layer);
extern template void prepare_layer(GraphState<double>& state, const LayerProgram<double>& layer);
extern template void layer_rows(GraphState<float>& state,
                                const LayerProgram<float>& layer,
                                std::size_t type,
                                index_t row,
                                index_t rows,
                                float* out);
extern template void layer_rows(GraphState<double>& state,
                                const LayerProgram<double>& layer,
                                std::size_t type,
                                index_t row,
                                index_t rows,
                                double* out);

}  // namespace gftcore::nn
