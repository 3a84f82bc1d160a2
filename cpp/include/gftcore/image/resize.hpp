// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

inline constexpr index_t kMaxScale = 8;

/// Throws ValueError unless 1 <= scale <= kMaxScale, and ShapeError unless the image has pixels
/// and its sides times scale are at most kMaxSide.
void require_scalable(ImageView<const float> image, index_t scale, const char* name);

/// Cubic enlargement by an integer factor. Pixels are unit squares: output row y lies at input row
/// (y + 0.5) / scale - 0.5, columns likewise. Keys' kernel with a = -1/2 (Catmull-Rom), which keeps
/// quadratics; the image is mirrored at its edges (d c b a | a b c d). The result may overshoot the
/// range of the image. Same bytes on one target; O(output pixels).
/// Throws as require_scalable(), and ShapeError unless `out` is scale times as large as `image`.
void resize_cubic(ImageView<const float> image,
                  index_t scale,
                  ImageView<float> out,
                  FilterScratch& scratch,
                  Target target = active_target());

/// One where resize_cubic() is above the threshold, without the enlarged image in memory. `out`
/// gets its shape. The same bits as above() of it. Throws as require_scalable().
void resize_cubic_above(ImageView<const float> image,
                        index_t scale,
                        double threshold,
                        BitImage& out,
                        FilterScratch& scratch,
                        Target target = active_target());

}  // namespace gftcore
