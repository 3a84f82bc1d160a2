// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// Cubic interpolation of `points` values at `pixels` places, along one axis.
///
/// Pixel i lies at i (points - 1) / (pixels - 1), a single pixel at 0: the first and last values
/// are those of the first and last pixels. Keys' cubic with a = -1/2 (Catmull-Rom); beyond the ends
/// the end values go on. Terms are summed from the first point to the last.
class CubicAxis {
 public:
  CubicAxis(index_t points, index_t pixels);

  /// Value at a pixel of values that lie `stride` apart.
  double at(index_t pixel, const double* values, index_t stride = 1) const {
    const Tap& tap = taps_[static_cast<std::size_t>(pixel)];
    double sum = tap.weight[0] * values[tap.index[0] * stride];
    for (std::size_t k = 1; k < tap.index.size(); ++k) {
      sum += tap.weight[k] * values[tap.index[k] * stride];
    }
    return sum;
  }

 private:
  struct Tap {
    std::array<index_t, 4> index;
    std::array<double, 4> weight;
  };
  std::vector<Tap> taps_;
};

}  // namespace gftcore
