// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/image_view.hpp"

namespace gftcore {

/// Memory that the thresholds reuse between calls; its content means nothing to the caller.
struct ThresholdScratch {
  std::vector<std::uint32_t> histogram;
  std::vector<float> candidates;
};

/// The order statistic of index floor(quantile * (n - 1)) of n finite values, exactly; no
/// interpolation. O(n). Throws ValueError for no values or a quantile outside 0..1.
float quantile_threshold(std::span<const float> values, double quantile, ThresholdScratch& scratch);

/// Otsu's threshold: the values' range is cut into 256 equal bins, and the centre of the bin after
/// which a cut gives the largest between-class variance is returned (the lowest such bin). Values
/// that are all equal give that value. Same double operations on every target. O(n).
/// Throws ValueError for no values.
double otsu_threshold(std::span<const float> values);

/// The largest float not above x: value > x and value > floor_float(x) agree for every float.
float floor_float(double x);

/// One where value > threshold. O(n). `out` gets the shape of `values`.
void above(ImageView<const float> values,
           double threshold,
           BitImage& out,
           Target target = active_target());

}  // namespace gftcore
