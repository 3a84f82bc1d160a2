// SPDX-License-Identifier: Apache-2.0
#include "nn/local_graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gftcore/common/error.hpp"

namespace gftcore::nn {
namespace {

struct Range {
  index_t first = 0;
  index_t last = 0;
  index_t size() const { return last - first; }
};

template <class T>
Range nodes_of(const NodeView<T>& type, index_t graph) {
  const auto g = static_cast<std::size_t>(graph);
  return {type.node_ptr[g], type.node_ptr[g + 1]};
}

/// to - from for any two numbers, modulo 2^64.
std::uint64_t distance(index_t from, index_t to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

template <class T>
void copy_edges(const EdgeView& from, Range sources, Range targets, LocalEdges<T>& out) {
  const auto first_row = static_cast<std::size_t>(targets.first);
  const index_t* rowptr = from.rowptr.data() + first_row;
  const index_t rows = targets.size();
  const index_t first = rowptr[0];
  const index_t end = rowptr[rows];
  if (first < 0 || end < first || end > std::ssize(from.col) ||
      end - first > std::numeric_limits<std::int32_t>::max()) {
    throw ValueError("row pointers of a relation must rise from 0 to its number of edges");
  }
  const index_t edges = end - first;
  out.sources = sources.size();
  out.targets = rows;
  out.rowptr.resize(static_cast<std::size_t>(rows) + 1);
  out.col.resize(static_cast<std::size_t>(edges));
  // Signs are collected, so that the compiler can take several values at a time.
  std::uint64_t wrong = 0;
  for (index_t v = 0; v <= rows; ++v) {
    const std::uint64_t place = distance(first, rowptr[v]);
    const index_t before = rowptr[std::max<index_t>(v - 1, 0)];
    wrong |= place | distance(rowptr[v], end) | distance(before, rowptr[v]);
    out.rowptr[static_cast<std::size_t>(v)] = static_cast<std::int32_t>(place);
  }
  if ((wrong >> 63) != 0) throw ValueError("row pointers of a relation must not fall");
  const index_t* col = from.col.data() + first;
  for (index_t e = 0; e < edges; ++e) {
    const std::uint64_t place = distance(sources.first, col[e]);
    wrong |= place | distance(col[e], sources.last - 1);
    out.col[static_cast<std::size_t>(e)] = static_cast<std::int32_t>(place);
  }
  if ((wrong >> 63) != 0) throw ValueError("an edge must not leave its graph");
}

template <class T>
void set_mean_scales(LocalEdges<T>& edges) {
  edges.source_scale.clear();
  edges.scale.resize(static_cast<std::size_t>(edges.targets));
  for (std::size_t v = 0; v < edges.scale.size(); ++v) {
    edges.scale[v] = T{1} / static_cast<T>(std::max(edges.rowptr[v + 1] - edges.rowptr[v], 1));
  }
}

/// Exactly one edge from each node to itself, behind the others, and the symmetric weights.
template <class T>
void set_gcn_edges(LocalEdges<T>& edges) {
  std::vector<std::int32_t> col;
  std::vector<std::int32_t> rowptr{0};
  edges.scale.clear();
  for (std::int32_t v = 0; v < edges.targets; ++v) {
    const auto row = static_cast<std::size_t>(v);
    for (std::int32_t e = edges.rowptr[row]; e < edges.rowptr[row + 1]; ++e) {
      const std::int32_t u = edges.col[static_cast<std::size_t>(e)];
      if (u != v) col.push_back(u);
    }
    col.push_back(v);
    const auto degree = static_cast<T>(static_cast<std::int32_t>(col.size()) - rowptr.back());
    rowptr.push_back(static_cast<std::int32_t>(col.size()));
    edges.scale.push_back(T{1} / std::sqrt(degree));
  }
  edges.source_scale = edges.scale;
  edges.col = std::move(col);
  edges.rowptr = std::move(rowptr);
}

}  // namespace

template <class T>
void read_graph(const BatchView<T>& batch,
                index_t graph,
                std::span<const RelationEnds> relations,
                Convolution convolution,
                LocalGraph<T>& out) {
  out.x.clear();
  out.nodes.clear();
  for (const NodeView<T>& type : batch.types) {
    const Range nodes = nodes_of(type, graph);
    const index_t total = type.node_ptr.back();
    const index_t features = total == 0 ? 0 : std::ssize(type.x) / total;
    out.x.push_back(type.x.data() + nodes.first * features);
    out.nodes.push_back(nodes.size());
  }
  out.relations.resize(relations.size());
  for (std::size_t r = 0; r < relations.size(); ++r) {
    const auto source = static_cast<std::size_t>(relations[r].source);
    const auto target = static_cast<std::size_t>(relations[r].target);
    LocalEdges<T>& edges = out.relations[r];
    copy_edges(batch.relations[r],
               nodes_of(batch.types[source], graph),
               nodes_of(batch.types[target], graph),
               edges);
    if (convolution == Convolution::gcn) {
      set_gcn_edges(edges);
    } else {
      set_mean_scales(edges);
    }
  }
}

template void read_graph(const BatchView<float>& batch,
                         index_t graph,
                         std::span<const RelationEnds> relations,
                         Convolution convolution,
                         LocalGraph<float>& out);
template void read_graph(const BatchView<double>& batch,
                         index_t graph,
                         std::span<const RelationEnds> relations,
                         Convolution convolution,
                         LocalGraph<double>& out);

}  // namespace gftcore::nn
