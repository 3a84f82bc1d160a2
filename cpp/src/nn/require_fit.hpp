// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "gftcore/common/error.hpp"
#include "gftcore/graph/batch.hpp"
#include "gftcore/nn/program.hpp"

namespace gftcore::nn {

/// Throws ShapeError unless a batch has the types, relations and sizes of a program, and ValueError
/// for row pointers that do not fit the edges.
template <class T>
void require_fit(const BatchView<T>& batch, const Program<T>& program) {
  if (batch.types.size() != program.types.size() ||
      batch.relations.size() != program.relations.size()) {
    throw ShapeError("a batch must have the node types and relations of the network");
  }
  for (std::size_t t = 0; t < batch.types.size(); ++t) {
    const NodeView<T>& type = batch.types[t];
    bool rises = !type.node_ptr.empty() && std::ssize(type.node_ptr) - 1 == batch.graphs &&
                 type.node_ptr.front() == 0;
    for (std::size_t g = 1; rises && g < type.node_ptr.size(); ++g) {
      rises = type.node_ptr[g] >= type.node_ptr[g - 1];
    }
    if (!rises) throw ShapeError("node_ptr must rise from 0 and have one entry more than graphs");
    // Divided, as a product with numbers of nodes that nobody checked might not fit.
    const index_t features = program.types[t].features;
    if (std::ssize(type.x) % features != 0 ||
        std::ssize(type.x) / features != type.node_ptr.back()) {
      throw ShapeError("x must have " + std::to_string(features) + " features for each node");
    }
  }
  for (std::size_t r = 0; r < batch.relations.size(); ++r) {
    const auto target = static_cast<std::size_t>(program.relations[r].target);
    const EdgeView& edges = batch.relations[r];
    if (std::ssize(edges.rowptr) - 1 != batch.types[target].node_ptr.back()) {
      throw ShapeError("rowptr must have one entry more than there are target nodes");
    }
    if (edges.rowptr.front() != 0 || edges.rowptr.back() != std::ssize(edges.col)) {
      throw ValueError("row pointers of a relation must rise from 0 to its number of edges");
    }
  }
}

}  // namespace gftcore::nn
