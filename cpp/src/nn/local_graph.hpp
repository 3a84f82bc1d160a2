// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/graph/batch.hpp"
#include "gftcore/nn/network.hpp"

namespace gftcore::nn {

/// Edges of one relation in one graph, by destination, numbered in the graph.
template <class T>
struct LocalEdges {
  index_t sources = 0;
  index_t targets = 0;
  std::vector<std::int32_t> rowptr;  // [targets + 1]
  std::vector<std::int32_t> col;
  std::vector<T> scale;         // [targets] 1 / max(in-degree, 1); GCN: 1 / sqrt(in-degree)
  std::vector<T> source_scale;  // GCN only: [sources]

  const T* source_scales() const { return source_scale.empty() ? nullptr : source_scale.data(); }
};

/// One graph of a batch; memory is kept from graph to graph.
template <class T>
struct LocalGraph {
  std::vector<const T*> x;     // of each type
  std::vector<index_t> nodes;  // of each type
  std::vector<LocalEdges<T>> relations;
};

/// Throws ValueError if an edge leaves the graph or row pointers fall; O(nodes + edges).
/// The batch has the program's types and relations, and arrays of fitting sizes.
template <class T>
void read_graph(const BatchView<T>& batch,
                index_t graph,
                std::span<const RelationEnds> relations,
                Convolution convolution,
                LocalGraph<T>& out);

extern template void read_graph(const BatchView<float>& batch,
                                index_t graph,
                                std::span<const RelationEnds> relations,
                                Convolution convolution,
                                LocalGraph<float>& out);
extern template void read_graph(const BatchView<double>& batch,
                                index_t graph,
                                std::span<const RelationEnds> relations,
                                Convolution convolution,
                                LocalGraph<double>& out);

}  // namespace gftcore::nn
