// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/vessel/centreline.hpp"

namespace gftcore {
namespace {

Centrelines lines_of(const SkeletonGraph& graph, const std::vector<std::int32_t>& distance) {
  Centrelines lines;
  centrelines(graph, {distance.data(), graph.rows, graph.cols}, lines);
  return lines;
}

TEST_CASE("a straight line keeps its length") {
  const BitImage image = draw({".......", "#######", "......."});
  const Centrelines lines = lines_of(traced(image), constant_distance(image, 4));
  CHECK(lines.length_px[0] == doctest::Approx(6));
  CHECK(lines.distance_px[0] == 6);
  CHECK(lines.arc_midpoint[0] == 1);
  CHECK(lines.arc_midpoint[1] == doctest::Approx(3));
  CHECK(lines.chord_midpoint[1] == 3);
  CHECK(lines.radius_px[0] == doctest::Approx(1.75));
  CHECK(lines.radius_px[1] == 0);
  CHECK(lines.point_radius_px[0] == 1.75F);
}

TEST_CASE("the filter is [1 4 6 4 1] / 16 with repeated fixed ends") {
  const BitImage image = draw({"#....", ".#...", "..###"});
  const SkeletonGraph graph = traced(image);
  REQUIRE(graph.num_points() == 3);
  const Centrelines lines = lines_of(graph, constant_distance(image, 1));
  // Rows 0 1 2 2 2, with 0 before and 2 behind.
  CHECK(lines.point_rowcol[0] == static_cast<float>((0 + 0 + 6 + 8 + 2) / 16.0));
  CHECK(lines.point_rowcol[2] == static_cast<float>((0 + 4 + 12 + 8 + 2) / 16.0));
  CHECK(lines.point_rowcol[4] == static_cast<float>((1 + 8 + 12 + 8 + 2) / 16.0));
}

TEST_CASE("a ring is filtered cyclically and closed") {
  const BitImage image = draw({".#.", "#.#", ".#."});
  const Centrelines lines = lines_of(traced(image), constant_distance(image, 1));
  // Around the centre, positions repeat with period 4: radius (6 - 2) / 16 is left.
  CHECK(lines.length_px[0] == doctest::Approx(4 * std::sqrt(2.0) * 0.25));
  CHECK(lines.distance_px[0] == 0);
  CHECK(lines.arc_midpoint[0] == doctest::Approx(1.25));
  CHECK(lines.chord_midpoint[0] == 0);
}

TEST_CASE("a segment without points has a length but no radius") {
  const BitImage image = draw({"##"});
  const Centrelines lines = lines_of(traced(image), constant_distance(image, 1));
  CHECK(lines.length_px[0] == 1);
  for (const double radius : lines.radius_px) CHECK(std::isnan(radius));
}

TEST_CASE("radii take the largest distance around, clipped to the image") {
  const BitImage image = draw({"###", "...", "..."});
  std::vector<std::int32_t> distance(9);
  std::iota(distance.begin(), distance.end(), 0);
  const SkeletonGraph graph = traced(image);
  CHECK(lines_of(graph, distance).point_radius_px[0] == static_cast<float>(std::sqrt(5.0) - 0.25));
  std::vector<float> radii;
  node_radius_px(graph, {distance.data(), 3, 3}, radii);
  CHECK(radii[0] == 1.75F);
  CHECK(radii[1] == static_cast<float>(std::sqrt(5.0) - 0.25));
}

TEST_CASE("results do not depend on what is worked on together") {
  // The second image repeats the first so often that its segments span several blocks.
  const BitImage tile = noise(40, 40, 0.35, 3);
  BitImage many(40 * 30, 41);
  for (index_t r = 0; r < many.rows(); ++r) {
    for (index_t c = 0; c < 40; ++c) {
      if (r % 40 != 39 && tile.test(r % 40, c)) many.set(r, c);
    }
  }
  const SkeletonGraph graph = traced(many);
  const Centrelines lines = lines_of(graph, constant_distance(many, 4));
  const index_t segments = graph.num_segments() / 30;
  REQUIRE(segments * 30 == graph.num_segments());
  for (index_t s = segments; s < graph.num_segments(); ++s) {
    REQUIRE(lines.length_px[static_cast<std::size_t>(s)] ==
            doctest::Approx(lines.length_px[static_cast<std::size_t>(s % segments)]));
  }
}

TEST_CASE("an empty graph is fine, another shape is not") {
  const BitImage image(5, 5);
  CHECK(lines_of(traced(image), constant_distance(image, 1)).length_px.empty());
  Centrelines lines;
  const std::vector<std::int32_t> distance(6, 1);
  CHECK_THROWS_AS(centrelines(traced(image), {distance.data(), 2, 3}, lines), ShapeError);
}

}  // namespace
}  // namespace gftcore
