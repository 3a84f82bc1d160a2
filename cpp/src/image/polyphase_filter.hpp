// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "../simd/polyphase.hpp"
#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/image/filter_scratch.hpp"

namespace gftcore {

/// Floats of a cache line.
inline constexpr index_t kAlignedFloats = 16;

/// The first address from `p` on that begins a cache line.
float* aligned(float* p);

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

/// Where filter_symmetric() writes: values, or bits that say which of them are above a threshold.
struct FilterOutput {
  float* values = nullptr;
  BitImage* bits = nullptr;
  float threshold = 0;
};

/// Enlarge by `scale` and correlate both axes with symmetric `taps`. Shapes are the caller's duty.
void filter_symmetric(ImageView<const float> image,
                      std::span<const double> taps,
                      index_t scale,
                      const FilterOutput& out,
                      FilterScratch& scratch,
                      Target target);

inline void filter_symmetric(ImageView<const float> image,
                             std::span<const double> taps,
                             index_t scale,
                             ImageView<float> out,
                             FilterScratch& scratch,
                             Target target) {
  filter_symmetric(image, taps, scale, FilterOutput{.values = out.data()}, scratch, target);
}

}  // namespace gftcore
