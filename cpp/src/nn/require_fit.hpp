// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "gftcore/common/error.hpp"
#include "gftcore/graph/batch.hpp"
#include "gftcore/nn/program.hpp"

namespace gftcore::nn {

/// Throws ShapeError unless a batch has the types, relations and sizes of a program.
template <class T>
void require_fit(const BatchView<T>& batch, const Program<T>& program) {
  if (batch.types.size() != program.types.size() ||
      batch.relations.size() != program.relations.size()) {
    throw ShapeError("a batch must have the node types and relations of the network");
  }
  for (std::size_t t = 0; t < batch.types.size(); ++t) {
    const NodeView<T>& type = batch.types[t];
    bool rises = std::ssize(type.node_ptr) == batch.graphs + 1 && type.node_ptr.front() == 0;
    for (std::size_t g = 1; rises && g < type.node_ptr.size(); ++g) {
      rises = type.node_ptr[g] >= type.node_ptr[g - 1];
    }
    if (!rises) throw ShapeError("node_ptr must rise from 0 and have one entry more than graphs");
    if (std::ssize(type.x) != type.node_ptr.back() * program.types[t].features) {
      throw ShapeError("x must have " + std::to_string(program.types[t].features) +
                       " features for each node");
    }
  }
  for (std::size_t r = 0; r < batch.relations.size(); ++r) {
    const auto target = static_cast<std::size_t>(program.relations[r].target);
    if (std::ssize(batch.relations[r].rowptr) != batch.types[target].node_ptr.back() + 1) {
      throw ShapeError("rowptr must have one entry more than there are target nodes");
    }
  }
}

}  // namespace gftcore::nn
