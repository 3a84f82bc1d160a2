// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/merge_junctions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "drawing.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

SkeletonGraph merged(const BitImage& image, std::int32_t squared, double limit_px) {
  SkeletonGraph graph = traced(image);
  const auto distance = constant_distance(image, squared);
  merge_junctions({distance.data(), image.rows(), image.cols()}, limit_px, graph);
  return graph;
}

TEST_CASE("two junctions with a pixel between them become one") {
  const BitImage image = draw({"#.....#", ".#...#.", "..###..", ".#...#.", "#.....#"});
  CHECK(merged(image, kNarrow, 0).num_nodes() == 6);
  CHECK(merged(image, kNarrow + 1, 3).num_nodes() == 6);
  const SkeletonGraph graph = merged(image, kNarrow, 3);
  REQUIRE(graph.num_nodes() == 5);
  CHECK(graph.num_segments() == 4);
  CHECK(graph.node_degree[2] == 4);
  CHECK(graph.node_rowcol[4] == 2.0);
  CHECK(graph.node_rowcol[5] == 3.0);
}

TEST_CASE("pixels, raster order and the count of loops stay") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    const BitImage image = noise(60, 90, 0.15 + 0.005 * seed, seed);
    const SkeletonGraph before = traced(image);
    const SkeletonGraph after = merged(image, 1, 4);
    REQUIRE(before.num_segments() - after.num_segments() == before.num_nodes() - after.num_nodes());
    std::vector<std::int32_t> owned = after.node_pixel;
    owned.insert(owned.end(), after.point_pixel.begin(), after.point_pixel.end());
    std::ranges::sort(owned);
    REQUIRE(std::ranges::adjacent_find(owned) == owned.end());
    REQUIRE(std::ssize(owned) == after.skeleton.count());
    std::int32_t previous = -1;
    for (index_t v = 0; v < after.num_nodes(); ++v) {
      const auto begin = after.node_pixel.begin() + after.node_ptr[static_cast<std::size_t>(v)];
      const auto end = after.node_pixel.begin() + after.node_ptr[static_cast<std::size_t>(v) + 1];
      REQUIRE(std::is_sorted(begin, end));
      REQUIRE(*begin > previous);
      previous = *begin;
    }
    const auto loops = [](const SkeletonGraph& g) {
      int count = 0;
      for (std::size_t s = 0; s < g.segment_nodes.size(); s += 2) {
        count += g.segment_nodes[s] == g.segment_nodes[s + 1] ? 1 : 0;
      }
      return count;
    };
    REQUIRE(loops(after) == loops(before));
  }
}

TEST_CASE("an empty graph stays empty and a distance of another shape is refused") {
  CHECK(merged(BitImage(3, 4), 1, 3).num_nodes() == 0);
  SkeletonGraph graph = traced(BitImage(3, 4));
  const std::vector<std::int32_t> distance(6, 1);
  CHECK_THROWS_AS(merge_junctions({distance.data(), 2, 3}, 3, graph), ShapeError);
}

}  // namespace
}  // namespace gftcore
