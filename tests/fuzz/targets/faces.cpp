// SPDX-License-Identifier: Apache-2.0
// Faces of the closure, their regions, and both rules of adjacency.
#include "gftcore/graph/faces.hpp"

#include <vector>

#include "../naive/adjacency.hpp"
#include "../naive/faces.hpp"
#include "check.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/vessel/trace.hpp"
#include "graphs.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

void plant_relation(const std::string& site, Relation& relation) {
  plant(site + " ends", relation.ends);
  plant(site + " weight", relation.weight);
}

void check_adjacency(Adjacency& got, const Adjacency& want, const std::string& rule) {
  plant_relation(rule + " vv", got.vv);
  plant_relation(rule + " vi", got.vi);
  plant_relation(rule + " ii", got.ii);
  same(got.vv.ends, want.vv.ends, rule + ": vv");
  same(got.vv.weight, want.vv.weight, rule + ": weight of vv");
  same(got.vi.ends, want.vi.ends, rule + ": vi");
  same(got.vi.weight, want.vi.weight, rule + ": weight of vi");
  same(got.ii.ends, want.ii.ends, rule + ": ii");
  same(got.ii.weight, want.ii.weight, rule + ": weight of ii");
}

/// Components of the mask's background, or of noise; the small ones get label 0.
void make_regions(const Scene& scene, Labelling& regions) {
  static BitImage voids;
  if (scene.option(3) % 4 == 0) {
    small_mask(6, scene.option(4), scene.shape, voids);
  } else {
    complement(scene.mask, voids);
  }
  label_runs(
      voids, scene.option(3) / 4 % 2 == 0 ? Connectivity::eight : Connectivity::four, regions);
  std::vector<index_t> area(static_cast<std::size_t>(regions.count) + 1, 0);
  for (std::size_t i = 0; i < regions.runs.size(); ++i) {
    area[static_cast<std::size_t>(regions.label_of_run[i])] +=
        regions.runs[i].end - regions.runs[i].begin;
  }
  const index_t least = scene.option(5) % 6;
  for (label_t& label : regions.label_of_run) {
    if (area[static_cast<std::size_t>(label)] < least) label = 0;
  }
}

void check_faces(const SkeletonGraph& graph,
                 const naive::FaceSides& want,
                 bool frame_anchors,
                 Faces& found) {
  find_faces(graph, found);
  plant("segment_faces", found.segment_faces);
  plant("labels of the closure", found.closure.label_of_run);
  same(found.count(), index_t{want.count}, "number of faces");
  std::vector<label_t> painted(want.closure.values.size(), -1);
  paint(found.closure, {painted.data(), graph.rows + 2, graph.cols + 2});
  same(painted, want.closure.values, "closure");
  same(found.segment_faces.size(), 2 * want.seen.size(), "two faces a segment");
  for (std::size_t s = 0; s < want.seen.size(); ++s) {
    for (const std::size_t side : {0U, 1U}) {
      const auto& seen = want.seen[s].at(side);
      expect(seen.size() <= 1, "all links of a segment show one face");
      if (frame_anchors) expect(!seen.empty(), "a segment shows a face on each side");
      same(found.segment_faces[2 * s + side], seen.empty() ? -1 : *seen.begin(), "face of a side");
    }
  }
  std::vector<label_t> inside(static_cast<std::size_t>(graph.rows * graph.cols), -1);
  paint_faces(found, {inside.data(), graph.rows, graph.cols});
  plant("paint_faces", inside);
  naive::Labels cropped(graph.rows, graph.cols);
  for (index_t r = 0; r < graph.rows; ++r) {
    for (index_t c = 0; c < graph.cols; ++c) cropped(r, c) = want.closure.get(r + 1, c + 1);
  }
  same(inside, cropped.values, "paint_faces");
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static SkeletonScene made;
  static TraceScratch scratch;
  static SkeletonGraph graph;
  static Faces found;
  static Labelling regions;
  static Adjacency got;
  static BitImage closed;
  Bytes bytes(data);
  scene.read(bytes, {.area = 700});
  made.make(scene, bytes);
  trace(made.skeleton, made.anchors, graph, scratch);

  close_image(graph.skeleton, graph.anchors, closed);
  plant("close_image", closed);
  same(closed,
       naive::bits_of(naive::closed(naive::mask_of(graph.skeleton), graph.anchors)),
       "close_image");
  expect_clean_guards(closed, "guards of the closure");

  const naive::FaceSides sides = naive::face_sides(graph);
  check_faces(graph, sides, made.frame_anchors, found);

  make_regions(scene, regions);
  naive::Labels painted(graph.rows, graph.cols);
  paint(regions, {painted.values.data(), graph.rows, graph.cols});
  naive::Labels cropped(graph.rows, graph.cols);
  for (index_t r = 0; r < graph.rows; ++r) {
    for (index_t c = 0; c < graph.cols; ++c) cropped(r, c) = sides.closure.get(r + 1, c + 1);
  }
  const std::vector<label_t> want = naive::majority(cropped, sides.count, painted);
  std::vector<label_t> region_of_face;
  match_faces(found, regions, region_of_face);
  plant("match_faces", region_of_face);
  same(region_of_face, want, "match_faces");

  Adjacency expected;
  planar_adjacency(graph, found, region_of_face, got);
  naive::planar(graph, found.segment_faces, want, expected);
  check_adjacency(got, expected, "planar");
  centerline4_adjacency(graph, made.view(), regions, got);
  naive::centerline4(graph, made.distance, painted, expected);
  check_adjacency(got, expected, "centerline4");
}

}  // namespace gftcore::fuzz
