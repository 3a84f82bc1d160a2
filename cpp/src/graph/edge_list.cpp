// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/edge_list.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "gftcore/graph/adjacency.hpp"

namespace gftcore {

/// Sort by the second end. Most lists are too short for std::sort to be worth its call.
template <class Edge>
void sort_by_second(Edge* first, Edge* last) {
  constexpr std::ptrdiff_t kShort = 16;
  const auto before = [](const Edge& x, const Edge& y) { return x.second < y.second; };
  if (last - first > kShort) return std::sort(first, last, before);
  for (Edge* next = first + 1; next < last; ++next) {
    const Edge edge = *next;
    Edge* hole = next;
    for (; hole != first && before(edge, hole[-1]); --hole) *hole = hole[-1];
    *hole = edge;
  }
}

/// Groups the edges by their first end: buckets are short, so sorting them costs next to nothing.
void EdgeList::sort() {
  index_t firsts = 0;
  for (const Edge& edge : edges_) firsts = std::max(firsts, edge.first + 1);
  std::vector<std::size_t> next(static_cast<std::size_t>(firsts) + 1, 0);
  for (const Edge& edge : edges_) ++next[static_cast<std::size_t>(edge.first) + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  const std::vector<std::size_t> begin = next;
  std::vector<Edge> grouped(edges_.size());
  for (const Edge& edge : edges_) grouped[next[static_cast<std::size_t>(edge.first)]++] = edge;
  for (std::size_t f = 0; f + 1 < begin.size(); ++f) {
    sort_by_second(grouped.data() + begin[f], grouped.data() + begin[f + 1]);
  }
  edges_ = std::move(grouped);
}

template <class Merge>
void EdgeList::take(Relation& out, Merge merge) {
  sort();
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
  std::vector<Edge>().swap(edges_);  // the next list needs the memory
}

void EdgeList::take_sum(Relation& out) {
  take(out, [](index_t a, index_t b) { return a + b; });
}

void EdgeList::take_lowest(Relation& out) {
  take(out, [](index_t a, index_t b) { return std::min(a, b); });
}

}  // namespace gftcore
