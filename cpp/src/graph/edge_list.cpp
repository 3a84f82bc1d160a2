// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/edge_list.hpp"

#include <algorithm>
#include <tuple>

#include "gftcore/graph/adjacency.hpp"

namespace gftcore {

template <class Merge>
void EdgeList::take(Relation& out, Merge merge) {
  std::ranges::sort(edges_, [](const Edge& a, const Edge& b) {
    return std::tie(a.first, a.second) < std::tie(b.first, b.second);
  });
  std::size_t kept = 0;
  for (const Edge& edge : edges_) {
    Edge* const last = kept == 0 ? nullptr : &edges_[kept - 1];
    if (last != nullptr && last->first == edge.first && last->second == edge.second) {
      last->value = merge(last->value, edge.value);
    } else {
      edges_[kept++] = edge;
    }
  }
  out.ends.resize(2 * kept);
  out.weight.resize(kept);
  for (std::size_t e = 0; e < kept; ++e) {
    out.ends[e] = edges_[e].first;
    out.ends[kept + e] = edges_[e].second;
    out.weight[e] = static_cast<float>(edges_[e].value);
  }
  edges_.clear();
}

void EdgeList::take_sum(Relation& out) {
  take(out, [](index_t a, index_t b) { return a + b; });
}

void EdgeList::take_lowest(Relation& out) {
  take(out, [](index_t a, index_t b) { return std::min(a, b); });
}

}  // namespace gftcore
