// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "gftcore/common/image_view.hpp"
#include "gftcore/common/intensity.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/graph/hetero_graph.hpp"
#include "gftcore/image/segment.hpp"
#include "gftcore/intercapillary/faz.hpp"
#include "gftcore/morphology/label.hpp"
#include "gftcore/morphology/thinning.hpp"
#include "gftcore/vessel/merge_junctions.hpp"
#include "gftcore/vessel/prune.hpp"
#include "gftcore/vessel/segment_features.hpp"

namespace gftcore {

enum class Border : std::uint8_t { anchor, background };

/// Images that HeteroGraph::kept holds when their bit is set.
enum class Keep : std::uint8_t {
  mask = 1,
  skeleton = 2,
  distance = 4,
  vessel_label = 8,
  ica_label = 16,
  face_label = 32,
  ridge = 64,
};

struct ExtractOptions {
  SkeletonMethod skeleton = SkeletonMethod::fast;
  Border border = Border::anchor;  // oracle skeletons and sides below 3 px force background
  index_t skeleton_fill_px = 0;
  index_t ica_fill_px = 5;
  PruneOptions prune;
  double merge_px = 3.0;  // junctions at a narrow place that are closer are one
  FeatureMode features = FeatureMode::edt;
  Connectivity ica_connectivity = Connectivity::eight;
  index_t ica_min_px = 11;
  AdjacencyMethod adjacency = AdjacencyMethod::planar;
  FazMethod faz = FazMethod::automatic;
  double fov_mm = 3.0;
  std::uint8_t keep = 0;  // bits of Keep

  bool keeps(Keep image) const { return (keep & static_cast<std::uint8_t>(image)) != 0; }
};

/// One image's inputs. Every view has the mask's shape (intensity: see IntensityView); a view
/// without data is absent. A FAZ mask overrides ExtractOptions::faz.
struct ExtractInput {
  ImageView<const std::uint8_t> mask;
  IntensityView intensity;
  ImageView<const std::uint8_t> excluded;
  ImageView<const std::uint8_t> faz_mask;
};

/// Scratch memory that one thread reuses from image to image.
class Workspace {
 public:
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  struct Buffers;
  Buffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<Buffers> buffers_;
};

/// Mask to graph. Excluded pixels become background first and count in no area; nodes that touch
/// them are border nodes. An empty mask has no vessels; a mask without background has neither
/// vessels nor areas; both are remarked. Same bytes for every SIMD target and thread.
/// Throws ShapeError for sides outside 1..kMaxSide and for views of different shapes.
HeteroGraph extract(const ExtractInput& input, const ExtractOptions& options, Workspace& workspace);

/// Raw image to graph: segment() makes the mask, input.mask is ignored. Throws as both.
HeteroGraph extract_image(ImageView<const float> image,
                          const SegmentOptions& segmentation,
                          const ExtractInput& input,
                          const ExtractOptions& options,
                          Workspace& workspace);

}  // namespace gftcore
