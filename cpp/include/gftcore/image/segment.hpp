// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/common/scratch_memory.hpp"
#include "gftcore/image/filter_scratch.hpp"
#include "gftcore/image/threshold.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

enum class SegmentMethod : std::uint8_t { oriented, local_contrast, ridge };

enum class RidgeThreshold : std::uint8_t { quantile, otsu, value };

/// Sigmas: oriented_sigma and local_contrast_sigma in raw pixels, ridge_sigmas_px in mask pixels.
struct SegmentOptions {
  SegmentMethod method = SegmentMethod::oriented;
  index_t scale = 4;
  index_t min_object_px = 128;
  double oriented_sigma = 24.0;
  double oriented_threshold = 1.27;
  double local_contrast_sigma = 12.0;
  double contrast_threshold = 0.0;
  std::vector<double> ridge_sigmas_px{3.0, 4.5, 6.0};
  bool ridge_normalise = true;
  RidgeThreshold ridge_threshold = RidgeThreshold::quantile;
  double ridge_quantile = 0.65;
  double ridge_value = 0.0;  // the threshold of RidgeThreshold::value
};

/// Memory that one thread reuses from image to image. If `keep_response`, `response` holds after
/// segment() what was thresholded: scale * H rows of scale * W values. Else it may be left out,
/// which saves time where the threshold does not depend on it. `objects` holds the 8-connected
/// components of the mask.
struct SegmentScratch {
  bool keep_response = true;
  ImageView<float> response;  // in the memory below
  ScratchMemory response_memory;
  std::vector<float> normalised;
  FilterScratch filter;
  ThresholdScratch threshold;
  Labelling objects;
  std::vector<index_t> area_px;
  BitImage mask;
};

/// Contrast and line strength of a raw image mapped to [0, 1]: oriented_lines() of min_max(), and
/// then resize_cubic(). A constant image gives zeros. `out` is scale times as large. Throws as
/// min_max() and oriented_lines().
void oriented_response(ImageView<const float> image,
                       double background_sigma,
                       index_t scale,
                       ImageView<float> out,
                       SegmentScratch& scratch,
                       Target target = active_target());

/// Local contrast of a raw image mapped to [0, 1]: local_contrast() of min_max(). A constant image
/// gives zeros. `out` is scale times as large. Throws as min_max() and local_contrast().
void contrast_response(ImageView<const float> image,
                       double sigma,
                       index_t scale,
                       ImageView<float> out,
                       SegmentScratch& scratch,
                       Target target = active_target());

/// Ridge strength of a raw image mapped to [0, 1]. Normalised: local_normalise() with sigma 10 raw
/// pixels and epsilon 1e-3, then hessian_ridge(). Not normalised: resize_cubic(), clipped to [0,
/// 1], then hessian_ridge() at that size. A constant image gives zeros. `out` is scale times as
/// large. Throws as min_max() and hessian_ridge().
void ridge_response(ImageView<const float> image,
                    std::span<const double> sigmas_px,
                    bool normalise,
                    index_t scale,
                    ImageView<float> out,
                    SegmentScratch& scratch,
                    Target target = active_target());

/// Clear every 8-connected component of ones with fewer than `min_object_px` pixels. `objects` then
/// holds those that stay, as label_runs() would.
void drop_small_objects(BitImage& mask,
                        index_t min_object_px,
                        Labelling& objects,
                        std::vector<index_t>& area_px);

/// Vessel mask of a raw image [H, W], `scale` times as large: response, threshold (foreground is
/// strictly greater), small objects dropped. A constant image gives no foreground, unless the
/// threshold is a negative number. Same bytes on one target, whatever the thread; other targets may
/// differ where the response is within rounding of the threshold.
/// Throws ShapeError for an image without pixels or sides beyond kMaxSide / scale; ValueError for
/// an option out of range or a pixel that is not finite.
void segment(ImageView<const float> image,
             const SegmentOptions& options,
             BitImage& mask,
             SegmentScratch& scratch,
             Target target = active_target());

/// The same as bytes 0 and 1, row-major.
void segment(ImageView<const float> image,
             const SegmentOptions& options,
             std::vector<std::uint8_t>& mask,
             SegmentScratch& scratch,
             Target target = active_target());

}  // namespace gftcore
