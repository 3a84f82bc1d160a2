// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/faces.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "../drawing.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/vessel/trace.hpp"

namespace gftcore {
namespace {

Faces faces_of(const BitImage& skeleton) {
  SkeletonGraph graph;
  TraceScratch scratch;
  trace(skeleton, border_anchors(skeleton), graph, scratch);
  Faces faces;
  find_faces(graph, faces);
  return faces;
}

TEST_CASE("a vessel from frame to frame separates two faces, left and right of its walk") {
  const Faces faces = faces_of(drawn({"..#..", "..#..", "..#..", "..#.."}));
  CHECK(faces.count() == 2);
  // The walk starts at the top and goes down, so its left is the image's right.
  CHECK(faces.segment_faces == std::vector<index_t>{1, 0});
}

TEST_CASE("a dangling vessel has the same face on both sides") {
  const Faces faces = faces_of(drawn({".....", "..#..", "..#..", "....."}));
  CHECK(faces.count() == 1);
  CHECK(faces.segment_faces == std::vector<index_t>{0, 0});
}

TEST_CASE("a ring encloses a face") {
  const Faces faces = faces_of(drawn({".....", "..#..", ".#.#.", "..#..", "....."}));
  CHECK(faces.count() == 2);
  std::vector<label_t> painted(25);
  paint_faces(faces, {painted.data(), 5, 5});
  CHECK(painted[0] == 1);
  CHECK(painted[12] == 2);
  CHECK(painted[7] == 0);
}

TEST_CASE("an anchor in the corner cuts the ring on the diagonal only") {
  const BitImage corner = drawn({"#...", ".#..", "..#.", "...#"});
  CHECK(faces_of(corner).count() == 2);
}

TEST_CASE("a face belongs to the region that owns most of it; ties take the lower label") {
  const Faces faces = faces_of(drawn({"...", "...", "..."}));
  Labelling regions;
  label_runs(drawn({"#.#", "#.#", "..#"}), Connectivity::eight, regions);
  std::vector<label_t> region_of_face;
  match_faces(faces, regions, region_of_face);
  CHECK(region_of_face == std::vector<label_t>{2});
  label_runs(drawn({"#.#", "#.#", "..."}), Connectivity::eight, regions);
  match_faces(faces, regions, region_of_face);
  CHECK(region_of_face == std::vector<label_t>{1});
}

}  // namespace
}  // namespace gftcore
