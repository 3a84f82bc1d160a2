// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/bit_image.hpp"
#include "gftcore/intercapillary/perimeter.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// Memory that count_outline() reuses.
struct OutlineScratch {
  Labelling runs;
  ContourScratch contour;
};

/// The contour of all ones of an image, as count_contours() has it for one region: outside the
/// image is outside, so ones at the frame are contour pixels. No ones: all counts are 0.
/// The same counts on every target. O(H*W/64 + runs). Throws as label_runs().
ContourCounts count_outline(const BitImage& image,
                            OutlineScratch& scratch,
                            Target target = active_target());

}  // namespace gftcore
