// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// Nodes of one type of all graphs: graph g has rows node_ptr[g] .. node_ptr[g + 1].
template <class T>
struct NodeView {
  std::span<const T> x;  // [N, F]
  std::span<const index_t> node_ptr;
};

/// Edges of one relation by destination, numbered over the batch; none join two graphs.
struct EdgeView {
  std::span<const index_t> rowptr;  // [N of the target + 1]
  std::span<const index_t> col;     // [E]
};

/// Arrays of several graphs that somebody else owns.
template <class T>
struct BatchView {
  index_t graphs = 0;
  std::vector<NodeView<T>> types;
  std::vector<EdgeView> relations;
};

}  // namespace gftcore
