// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/index.hpp"
#include "gftcore/common/intensity.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// Intensity of one region; `sum` over its pixels.
struct IntensityFeatures {
  double max = 0.0;
  double min = 0.0;
  double sum = 0.0;
  double weighted_row = 0.0;
  double weighted_col = 0.0;
};

/// One entry for each of 1..regions.count, unspecified where a label has no pixels. Runs with
/// label 0 are skipped; without an image nothing happens. Contract as region_table().
void intensity_features(const Labelling& regions,
                        const IntensityView& intensity,
                        std::vector<IntensityFeatures>& out);

}  // namespace gftcore
