// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "gftcore/vessel/trace.hpp"

namespace gftcore {
namespace {

using Kinds = std::vector<NodeKind>;
using Ids = std::vector<index_t>;
using Pixels = std::vector<std::int32_t>;

TEST_CASE("a line is one segment between two ends") {
  const SkeletonGraph graph = traced(draw({".....", "#####", "....."}));
  CHECK(kinds(graph) == Kinds{NodeKind::end, NodeKind::end});
  CHECK(graph.segment_nodes == Ids{0, 1});
  CHECK(graph.segment_ends == Pixels{5, 9});
  CHECK(graph.point_pixel == Pixels{6, 7, 8});
  CHECK(graph.node_rowcol == std::vector<double>{1, 0, 1, 4});
}

TEST_CASE("images of one row, one column, one pixel and none") {
  CHECK(traced(draw({"###"})).segment_nodes == Ids{0, 1});
  CHECK(traced(draw({"#", "#", "#"})).point_pixel == Pixels{1});
  CHECK(kinds(traced(draw({"#"}))) == Kinds{NodeKind::isolated});
  CHECK(traced(draw({"."})).num_nodes() == 0);
  CHECK(traced(BitImage(0, 0)).num_nodes() == 0);
  CHECK(traced(BitImage(3, 0)).point_ptr == Ids{0});
}

TEST_CASE("a cycle gets its first pixel as a ring node") {
  const SkeletonGraph graph = traced(draw({".#.", "#.#", ".#."}));
  CHECK(kinds(graph) == Kinds{NodeKind::ring});
  CHECK(graph.node_pixel == Pixels{1});
  CHECK(graph.node_degree == Pixels{2});
  CHECK(graph.point_pixel == Pixels{5, 7, 3});
}

TEST_CASE("rings and other nodes share one numbering") {
  const SkeletonGraph graph = traced(draw({"#..#.", "..#.#", "#..#."}));
  CHECK(kinds(graph) == Kinds{NodeKind::isolated, NodeKind::ring, NodeKind::isolated});
  CHECK(graph.segment_nodes == Ids{1, 1});
}

TEST_CASE("an anchor inside a path or a cycle is a border node") {
  const BitImage line = draw({"#####"});
  const SkeletonGraph graph = traced(line, {2});
  CHECK(kinds(graph) == Kinds{NodeKind::end, NodeKind::border, NodeKind::end});
  CHECK(graph.segment_nodes == Ids{0, 1, 1, 2});
  const SkeletonGraph loop = traced(draw({".#.", "#.#", ".#."}), {3});
  CHECK(kinds(loop) == Kinds{NodeKind::border});
  CHECK(loop.segment_nodes == Ids{0, 0});
}

TEST_CASE("a cluster that encloses a hole is split, a 2 x 2 block is not") {
  const SkeletonGraph holed = traced(draw({"..#..", "..#..", "##.##", "..#..", "..#.."}));
  CHECK(holed.num_nodes() == 8);
  CHECK(holed.num_segments() == 8);
  const SkeletonGraph block =
      traced(draw({"#....#", ".#..#.", "..##..", "..##..", ".#..#.", "#....#"}));
  CHECK(block.num_nodes() == 5);
  CHECK(block.num_segments() == 4);
  CHECK(block.node_rowcol[4] == 2.5);
}

TEST_CASE("every skeleton pixel is in one node or one segment, for any noise") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    const BitImage image = noise(1 + seed, 1 + seed * 7 % 131, 0.1 + 0.013 * seed, seed);
    const SkeletonGraph graph = traced(image);
    Pixels all = graph.node_pixel;
    all.insert(all.end(), graph.point_pixel.begin(), graph.point_pixel.end());
    std::sort(all.begin(), all.end());
    REQUIRE(std::adjacent_find(all.begin(), all.end()) == all.end());
    REQUIRE(static_cast<index_t>(all.size()) == graph.skeleton.count());
    for (const std::int32_t pixel : all) {
      REQUIRE(graph.skeleton.test(pixel / image.cols(), pixel % image.cols()));
    }
    BitImage minimal = image;
    minimal_pass(minimal, {});
    REQUIRE(minimal == graph.skeleton);
  }
}

TEST_CASE("scratch and output can be reused, and the input may be the output's own skeleton") {
  TraceScratch scratch;
  SkeletonGraph graph;
  trace(noise(90, 200, 0.4, 1), {}, graph, scratch);
  const BitImage small = noise(33, 65, 0.3, 2);
  trace(small, {}, graph, scratch);
  const SkeletonGraph fresh = traced(small);
  CHECK(graph.segment_nodes == fresh.segment_nodes);
  CHECK(graph.point_pixel == fresh.point_pixel);
  trace(graph.skeleton, graph.anchors, graph, scratch);
  CHECK(graph.point_pixel == fresh.point_pixel);
}

TEST_CASE("bad anchors are refused, those off the skeleton dropped") {
  const BitImage line = draw({"###"});
  CHECK_THROWS_AS(traced(line, {3}), ValueError);
  CHECK_THROWS_AS(traced(line, {1, 1}), ValueError);
  CHECK_THROWS_AS(traced(line, {-1}), ValueError);
  CHECK(traced(draw({"##."}), {2}).anchors.empty());
}

}  // namespace
}  // namespace gftcore
