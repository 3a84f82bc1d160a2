// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "gftcore/graph/hetero_graph.hpp"

namespace gftcore {
namespace {

TEST_CASE("a table counts its rows; without columns it has none") {
  Table table;
  CHECK(table.rows() == 0);
  table.columns = {"area", "perimeter"};
  CHECK(table.rows() == 0);
  table.values = {1, 2, 3, 4, 5, 6};
  CHECK(table.rows() == 3);
}

TEST_CASE("a new graph is empty") {
  const HeteroGraph graph;
  CHECK(graph.rows == 0);
  CHECK(graph.cols == 0);
  CHECK(graph.segment_nodes.empty());
  CHECK(graph.vv.count() == 0);
  CHECK(graph.remarks.empty());
}

}  // namespace
}  // namespace gftcore
