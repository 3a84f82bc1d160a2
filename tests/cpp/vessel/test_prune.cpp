// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <vector>

#include "drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/vessel/prune.hpp"

namespace gftcore {
namespace {

/// A vessel with one side branch that ends three pixels from their junction.
BitImage vessel_with_spur() {
  return draw({"....#.....", "....#.....", "....#.....", "....#.....", "####.#####", ".........."});
}

SkeletonGraph pruned(const BitImage& image, std::int32_t squared, const PruneOptions& options) {
  SkeletonGraph graph = traced(image);
  TraceScratch scratch;
  const auto distance = constant_distance(image, squared);
  prune(graph, {distance.data(), image.rows(), image.cols()}, options, scratch);
  return graph;
}

TEST_CASE("a spur shorter than its vessel is wide goes, a longer one stays") {
  CHECK(traced(vessel_with_spur()).num_segments() == 3);
  CHECK(pruned(vessel_with_spur(), 9, {}).num_segments() == 1);
  CHECK(pruned(vessel_with_spur(), 1, {PruneMethod::bulge, 1.5}).num_segments() == 3);
}

TEST_CASE("the threshold is exclusive and `none` does nothing") {
  // Nothing is left beyond the covered part: the bulge is tip EDT / mean EDT = 1.
  CHECK(pruned(vessel_with_spur(), 100, {PruneMethod::bulge, 1.0}).num_segments() == 3);
  CHECK(pruned(vessel_with_spur(), 100, {PruneMethod::bulge, 1.0001}).num_segments() == 1);
  CHECK(pruned(vessel_with_spur(), 100, {PruneMethod::none}).num_segments() == 3);
}

TEST_CASE("a vessel is never pruned away by bulge, but may be by length") {
  const BitImage y = draw({"#...#", ".#.#.", "..#..", "..#..", "..#.."});
  CHECK(pruned(y, 100, {}).num_segments() == 1);
  CHECK(pruned(y, 100, {PruneMethod::length}).num_segments() == 0);
}

TEST_CASE("of equal leaves the lower segment is spared") {
  // Three equal arms: the junction spares two, those of segments 0 and 1.
  const BitImage y = draw({"#.......#",
                           ".#.....#.",
                           "..#...#..",
                           "...#.#...",
                           "....#....",
                           "....#....",
                           "....#....",
                           "....#....",
                           "....#...."});
  PruneOptions options;
  options.bulge = 100;
  const SkeletonGraph graph = pruned(y, 100, options);
  CHECK(graph.num_segments() == 1);
  CHECK(graph.skeleton.test(0, 0));
  CHECK(graph.skeleton.test(0, 8));
  CHECK_FALSE(graph.skeleton.test(8, 4));
}

TEST_CASE("rounds are counted and pruning is idempotent") {
  for (unsigned seed = 0; seed < 40; ++seed) {
    const BitImage image = noise(70, 90, 0.2 + 0.01 * seed, seed);
    PruneOptions options;
    options.bulge = 20;
    SkeletonGraph graph = pruned(image, 9, options);
    const SkeletonGraph again = pruned(graph.skeleton, 9, options);
    REQUIRE(again.skeleton == graph.skeleton);
    REQUIRE(again.point_pixel == graph.point_pixel);
    options.max_rounds = 0;
    REQUIRE(pruned(image, 9, options).skeleton == traced(image).skeleton);
    // One round at a time reaches the same skeleton.
    options.max_rounds = 1;
    SkeletonGraph stepwise = traced(image);
    for (int round = 0; round < 100; ++round) {
      stepwise = pruned(stepwise.skeleton, 9, options);
    }
    REQUIRE(stepwise.skeleton == graph.skeleton);
  }
}

TEST_CASE("trace_pruned is trace and prune") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const BitImage image = noise(50, 129, 0.3, seed);
    const auto distance = constant_distance(image, 4);
    SkeletonGraph graph;
    TraceScratch scratch;
    trace_pruned(image, {}, {distance.data(), image.rows(), image.cols()}, {}, graph, scratch);
    const SkeletonGraph separate = pruned(image, 4, {});
    REQUIRE(graph.skeleton == separate.skeleton);
    REQUIRE(graph.segment_nodes == separate.segment_nodes);
    REQUIRE(graph.point_pixel == separate.point_pixel);
  }
}

TEST_CASE("a distance of another shape is refused") {
  SkeletonGraph graph = traced(vessel_with_spur());
  TraceScratch scratch;
  const std::vector<std::int32_t> distance(6, 1);
  CHECK_THROWS_AS(prune(graph, {distance.data(), 2, 3}, {}, scratch), ShapeError);
}

}  // namespace
}  // namespace gftcore
