// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/adjacency.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "../drawing.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "gftcore/vessel/trace.hpp"

namespace gftcore {
namespace {

struct Scene {
  SkeletonGraph graph;
  Faces faces;
  Labelling regions;
  std::vector<std::int32_t> squared_distance;

  explicit Scene(const BitImage& skeleton) {
    TraceScratch scratch;
    trace(skeleton, border_anchors(skeleton), graph, scratch);
    find_faces(graph, faces);
    BitImage voids;
    complement(skeleton, voids);
    label_runs(voids, Connectivity::four, regions);
    squared_distance.resize(static_cast<std::size_t>(skeleton.rows() * skeleton.cols()));
    DistanceScratch distance_scratch;
    gftcore::squared_distance(skeleton, Frame::none, distance(), distance_scratch);
  }

  std::vector<label_t> region_of_face() const {
    std::vector<label_t> out;
    match_faces(faces, regions, out);
    return out;
  }

  ImageView<std::int32_t> distance() { return {squared_distance.data(), graph.rows, graph.cols}; }
};

using Ids = std::vector<index_t>;

const BitImage& plus() {
  static const BitImage image = drawn({"....#....",
                                       "....#....",
                                       "....#....",
                                       "....#....",
                                       "#########",
                                       "....#....",
                                       "....#....",
                                       "....#....",
                                       "....#...."});
  return image;
}

TEST_CASE("planar: four vessels from a crossing separate four areas in a ring") {
  Scene scene(plus());
  REQUIRE(scene.graph.num_segments() == 4);
  Adjacency adjacency;
  planar_adjacency(scene.graph, scene.faces, scene.region_of_face(), adjacency);
  CHECK(adjacency.vv.ends == Ids{0, 0, 0, 1, 1, 2, 1, 2, 3, 2, 3, 3});
  CHECK(adjacency.vi.count() == 8);
  CHECK(adjacency.ii.ends == Ids{0, 0, 1, 2, 1, 2, 3, 3});
  for (const float weight : adjacency.ii.weight) CHECK(weight == 3.0F);
}

TEST_CASE("centerline4 touches areas off the frame only") {
  Scene scene(plus());
  Adjacency adjacency;
  centerline4_adjacency(scene.graph, scene.distance(), scene.regions, adjacency);
  // The frame covers the outermost point of each arm; the other two lie beside two areas.
  CHECK(adjacency.vi.count() == 8);
  CHECK(adjacency.ii.ends == Ids{0, 0, 1, 2, 1, 2, 3, 3});
  for (const float weight : adjacency.ii.weight) CHECK(weight == 2.0F);
}

TEST_CASE("a ring's self-loop pairs with nothing and separates inside from outside") {
  Scene scene(drawn({".....", "..#..", ".#.#.", "..#..", "....."}));
  Adjacency adjacency;
  planar_adjacency(scene.graph, scene.faces, scene.region_of_face(), adjacency);
  CHECK(adjacency.vv.count() == 0);
  CHECK(adjacency.vi.ends == Ids{0, 0, 0, 1});
  CHECK(adjacency.ii.ends == Ids{0, 1});
  CHECK(adjacency.ii.weight == std::vector<float>{3.0F});
}

TEST_CASE("a face without region gives no edge") {
  Scene scene(plus());
  scene.regions.label_of_run.assign(scene.regions.label_of_run.size(), 0);
  Adjacency adjacency;
  planar_adjacency(scene.graph, scene.faces, scene.region_of_face(), adjacency);
  CHECK(adjacency.vi.count() == 0);
  CHECK(adjacency.ii.count() == 0);
  CHECK(adjacency.vv.count() == 6);
}

TEST_CASE("an image without skeleton has no edges") {
  Scene scene(BitImage(4, 4));
  Adjacency adjacency;
  planar_adjacency(scene.graph, scene.faces, scene.region_of_face(), adjacency);
  CHECK(adjacency.vv.count() + adjacency.vi.count() + adjacency.ii.count() == 0);
}

}  // namespace
}  // namespace gftcore
