// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "check.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "gftcore/morphology/thinning.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"
#include "images.hpp"
#include "plant.hpp"

namespace gftcore::fuzz {

/// A skeleton, its anchors and a distance image, as option bytes 0..2 say.
struct SkeletonScene {
  BitImage skeleton;
  std::vector<index_t> anchors;
  bool frame_anchors = false;  ///< the anchors are those of border_anchors(), or none
  std::vector<std::int32_t> distance;

  Shape shape;

  ImageView<const std::int32_t> view() const { return {distance.data(), shape.rows, shape.cols}; }

  void make(const Scene& scene, Bytes& bytes) {
    static DistanceScratch distance_scratch;
    static ThinScratch thin_scratch;
    shape = scene.shape;
    distance.resize(static_cast<std::size_t>(shape.area()));
    squared_distance(
        scene.mask, Frame::none, {distance.data(), shape.rows, shape.cols}, distance_scratch);
    anchors.clear();
    frame_anchors = scene.option(1) % 4 != 3;
    if (scene.option(1) % 4 == 1 || scene.option(1) % 4 == 2) anchors = border_anchors(scene.mask);
    if (!frame_anchors && shape.area() > 0) {
      for (int i = 0; i < 4; ++i) anchors.push_back(bytes.below(shape.area()));
      std::ranges::sort(anchors);
      anchors.erase(std::unique(anchors.begin(), anchors.end()), anchors.end());
    }
    if (scene.option(0) % 4 == 0) {
      skeleton = scene.mask;
    } else {
      const bool ordered = scene.option(0) % 4 == 3;
      thin(scene.mask,
           ordered ? SkeletonMethod::ordered : SkeletonMethod::fast,
           anchors,
           view(),
           skeleton,
           thin_scratch);
    }
    if (scene.option(2) % 4 != 0) return;
    Random random(scene.option(2));
    for (std::int32_t& d : distance) d = static_cast<std::int32_t>(random.below(80));
  }
};

inline void plant_graph([[maybe_unused]] std::string_view site,
                        [[maybe_unused]] SkeletonGraph& graph) {
#if GFTCORE_FUZZ_PLANT
  const std::string name(site);
  plant(name + " skeleton", graph.skeleton);
  plant(name + " anchors", graph.anchors);
  plant(name + " node_rowcol", graph.node_rowcol);
  plant(name + " node_ptr", graph.node_ptr);
  plant(name + " node_pixel", graph.node_pixel);
  plant(name + " node_degree", graph.node_degree);
  plant(name + " node_kind", graph.node_kind);
  plant(name + " segment_nodes", graph.segment_nodes);
  plant(name + " segment_ends", graph.segment_ends);
  plant(name + " point_ptr", graph.point_ptr);
  plant(name + " point_pixel", graph.point_pixel);
#endif
}

inline void same_graph(const SkeletonGraph& got, const SkeletonGraph& want, std::string_view what) {
  const std::string name(what);
  same(got.rows, want.rows, name + ": rows");
  same(got.cols, want.cols, name + ": cols");
  same(got.skeleton, want.skeleton, name + ": skeleton");
  same(got.anchors, want.anchors, name + ": anchors");
  same(got.node_ptr, want.node_ptr, name + ": node_ptr");
  same(got.node_pixel, want.node_pixel, name + ": node_pixel");
  same(got.node_rowcol, want.node_rowcol, name + ": node_rowcol");
  same(got.node_kind, want.node_kind, name + ": node_kind");
  same(got.segment_nodes, want.segment_nodes, name + ": segment_nodes");
  same(got.segment_ends, want.segment_ends, name + ": segment_ends");
  same(got.point_ptr, want.point_ptr, name + ": point_ptr");
  same(got.point_pixel, want.point_pixel, name + ": point_pixel");
  same(got.node_degree, want.node_degree, name + ": node_degree");
}

}  // namespace gftcore::fuzz
