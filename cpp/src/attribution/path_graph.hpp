// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/attribution/path_integral.hpp"
#include "nn/local_graph.hpp"

namespace gftcore::attribution {

/// Edges of a relation by source.
template <class T>
struct SourceEdges {
  std::vector<std::int32_t> colptr;  // [sources + 1]
  std::vector<std::int32_t> row;     // targets
  std::vector<T> scale;              // [sources] factor of a sum over a source's edges
};

/// One graph of a batch, with what moves along the path.
template <class T>
struct PathGraph {
  PathOver over = PathOver::nodes;
  nn::LocalGraph<T> local;
  std::vector<SourceEdges<T>> by_source;  // of each relation
  std::vector<const T*> baseline;         // of each type: [nodes, F], or null for 0
};

/// Throws ValueError as `nn::read_graph` does.
template <class T>
void read_path_graph(const BatchView<T>& batch,
                     const std::vector<std::span<const T>>& baseline,
                     index_t graph,
                     const Program<T>& program,
                     PathOver over,
                     PathGraph<T>& out) {
  out.over = over;
  nn::read_graph<T>(batch, graph, program.relations, program.convolution, out.local);
  out.baseline.assign(batch.types.size(), nullptr);
  for (std::size_t t = 0; t < baseline.size(); ++t) {
    const index_t first = batch.types[t].node_ptr[static_cast<std::size_t>(graph)];
    out.baseline[t] = baseline[t].data() + first * program.types[t].features;
  }
  out.by_source.resize(program.relations.size());
  for (std::size_t r = 0; r < program.relations.size(); ++r) {
    const nn::LocalEdges<T>& edges = out.local.relations[r];
    SourceEdges<T>& to = out.by_source[r];
    to.colptr.assign(static_cast<std::size_t>(edges.sources) + 1, 0);
    for (const std::int32_t u : edges.col) ++to.colptr[static_cast<std::size_t>(u) + 1];
    for (std::size_t u = 1; u < to.colptr.size(); ++u) to.colptr[u] += to.colptr[u - 1];
    to.row.resize(edges.col.size());
    std::vector<std::int32_t> next(to.colptr.begin(), to.colptr.end() - 1);
    for (std::int32_t v = 0; v < edges.targets; ++v) {
      const auto at = static_cast<std::size_t>(v);
      for (std::int32_t e = edges.rowptr[at]; e < edges.rowptr[at + 1]; ++e) {
        const std::int32_t u = edges.col[static_cast<std::size_t>(e)];
        to.row[static_cast<std::size_t>(next[static_cast<std::size_t>(u)]++)] = v;
      }
    }
    to.scale.assign(static_cast<std::size_t>(edges.sources), T{1});
    if (!edges.source_scale.empty()) to.scale = edges.source_scale;
  }
}

}  // namespace gftcore::attribution
