// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

struct Relation;

/// Collects edges in any order and hands them out sorted, each pair once.
/// Ends are rows of a table, from 0: memory grows with the largest first end. A pair is not turned:
/// add (low, high) for an undirected one.
class EdgeList {
 public:
  void add(index_t first, index_t second, index_t value) {
    edges_.push_back({first, second, value});
  }

  /// Repeated pairs keep the sum of their values; the list is empty afterwards.
  void take_sum(Relation& out);
  /// Repeated pairs keep their lowest value; the list is empty afterwards.
  void take_lowest(Relation& out);

 private:
  struct Edge {
    index_t first, second, value;
  };
  void sort();
  template <class Merge>
  void take(Relation& out, Merge merge);

  std::vector<Edge> edges_;
};

}  // namespace gftcore
