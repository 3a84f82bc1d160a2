// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/graph/extract.hpp"
#include "gftcore/graph/faces.hpp"
#include "gftcore/intercapillary/region_table.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "gftcore/morphology/fill.hpp"
#include "gftcore/morphology/nearest_point.hpp"
#include "gftcore/vessel/centreline.hpp"
#include "gftcore/vessel/trace.hpp"

namespace gftcore {

/// Everything one extraction computes, and the scratch memory of its kernels.
struct Workspace::Buffers {
  BitImage mask, excluded, faz_mask;
  bool has_exclusion = false;
  bool has_faz_mask = false;

  BitImage vessels, skeleton;
  std::vector<std::int32_t> squared_distance;
  SkeletonGraph graph;
  Centrelines lines;
  std::vector<std::int32_t> point_of_pixel;
  SurfaceFeatures surface;
  SegmentTable segments;

  BitImage filled, voids;
  Labelling components, regions;
  RegionTable region_table;
  Faces faces;
  std::vector<label_t> region_of_face;
  Adjacency adjacency;

  DistanceScratch distance_scratch;
  ThinScratch thin_scratch;
  TraceScratch trace_scratch;
  FillScratch fill_scratch;
  NearestScratch nearest_scratch;
  SurfaceScratch surface_scratch;
  RegionScratch region_scratch;
  FazScratch faz_scratch;
  SegmentScratch segment_scratch;

  const BitImage* exclusion() const { return has_exclusion ? &excluded : nullptr; }
};

/// The vector as an image of the shape of `like`; its content is lost if that shape is new.
template <class T>
ImageView<T> resized(std::vector<T>& pixels, const BitImage& like) {
  pixels.resize(static_cast<std::size_t>(like.rows() * like.cols()));
  return {pixels.data(), like.rows(), like.cols()};
}

}  // namespace gftcore
