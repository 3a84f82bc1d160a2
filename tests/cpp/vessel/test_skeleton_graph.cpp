// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore {
namespace {

TEST_CASE("a default graph is empty") {
  const SkeletonGraph graph;
  CHECK(graph.num_nodes() == 0);
  CHECK(graph.num_segments() == 0);
  CHECK(graph.num_points() == 0);
}

}  // namespace
}  // namespace gftcore
