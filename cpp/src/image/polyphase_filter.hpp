// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "../simd/polyphase.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

/// Owner of what simd::PolyphaseTaps points to.
struct AxisTaps {
  index_t reach = 0;
  std::vector<float> even;
  std::vector<float> odd;

  simd::PolyphaseTaps view() const { return {even.data(), odd.data()}; }
};

/// The one filter that enlarges an axis by `scale` with Catmull-Rom weights and then correlates it
/// with `taps` (odd length, symmetric or antisymmetric) at the enlarged size. Equal to doing both
/// in exact arithmetic, edges included: mirroring commutes with enlargement. Reach is at least
/// `min_reach`, so that several filters can share one.
AxisTaps enlarging_taps(std::span<const double> taps, index_t scale, index_t min_reach = 0);

/// Columns mirrored into scratch.padded as simd::PaddedImage asks.
simd::PaddedImage padded(ImageView<const float> image, index_t reach, FilterScratch& scratch);

/// A block of scratch.block for `orders` filters of at most `reach`.
simd::BlockMemory block_memory(
    index_t rows, index_t scale, index_t reach, index_t orders, FilterScratch& scratch);

/// Enlarge by `scale` and correlate both axes with symmetric `taps`. Shapes are the caller's duty.
void filter_symmetric(ImageView<const float> image,
                      std::span<const double> taps,
                      index_t scale,
                      ImageView<float> out,
                      FilterScratch& scratch,
                      Target target);

}  // namespace gftcore
