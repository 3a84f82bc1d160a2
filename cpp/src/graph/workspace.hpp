// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/scratch_memory.hpp"
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

  BitImage vessels;
  ScratchMemory distance_memory;
  SkeletonGraph graph;
  Centrelines lines;
  ScratchMemory point_memory;
  SurfaceFeatures surface;

  BitImage voids;
  Labelling regions;
  RegionTable region_table;
  Faces faces;
  std::vector<label_t> region_of_face;
  Adjacency adjacency;

  // What the stages use one after the other is lent to them; their own stays empty.
  std::array<BitImage, 5> spare;
  Labelling labelling;
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

  /// Squared distance of each pixel to the background.
  ImageView<std::int32_t> squared_distance() {
    return distance_memory.request_image<std::int32_t>(mask.rows(), mask.cols());
  }
  /// Nearest point of each vessel pixel; not to be used while point_memory is lent.
  ImageView<std::int32_t> point_of_pixel() {
    return point_memory.request_image<std::int32_t>(mask.rows(), mask.cols());
  }
};

}  // namespace gftcore
