// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/morphology/label.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore {

/// The faces of a planar drawing and the two that each segment separates.
///
/// The closure of an image is the image inside a ring of background one pixel wide, plus one
/// foreground ring pixel outside each anchor: straight outside it, or on the diagonal at a corner.
/// Anchors thereby cut the ring, so areas that touch the frame on both sides of a vessel stay
/// apart. Faces are the 4-connected components of the closure's background, numbered from 0 in
/// the raster order of their first closure pixels. A face may own ring pixels only.
struct Faces {
  Labelling closure;  ///< runs of the closure's background, [H + 2, W + 2]; label - 1 is the face
  std::vector<index_t> segment_faces;  ///< [S, 2] left and right of the walk

  index_t count() const { return closure.count; }
};

/// The closure of `image`. An anchor off the frame is ignored.
void close_image(const BitImage& image, std::span<const index_t> anchors, BitImage& out);

/// Faces of the graph's skeleton, and for each segment the face left and right of its walk: the
/// face of an off pixel beside any of its links. All links agree. Where no link has an off pixel
/// beside it the entry is -1; with the anchors of border_anchors() there is no such segment.
/// O(H * W / 64 + runs + P).
void find_faces(const SkeletonGraph& graph, Faces& out);

/// Face + 1 of every off pixel of the image, 0 on the skeleton. Throws ShapeError.
void paint_faces(const Faces& faces, ImageView<label_t> out);

/// For each face the region that owns most of its pixels, 0 if none; ties take the lower label.
/// `regions` covers the image without the ring; label 0 means no region. Throws ShapeError.
void match_faces(const Faces& faces, const Labelling& regions, std::vector<label_t>& out);

}  // namespace gftcore
