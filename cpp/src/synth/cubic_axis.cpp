// SPDX-License-Identifier: Apache-2.0
#include "cubic_axis.hpp"

#include <algorithm>

namespace gftcore {

CubicAxis::CubicAxis(index_t points, index_t pixels) {
  taps_.reserve(static_cast<std::size_t>(pixels));
  for (index_t i = 0; i < pixels; ++i) {
    const double place = pixels == 1 ? 0
                                     : static_cast<double>(i) * static_cast<double>(points - 1) /
                                           static_cast<double>(pixels - 1);
    const index_t k = std::min(static_cast<index_t>(place), points - 2);
    const double t = place - static_cast<double>(k);
    Tap tap{};
    for (index_t j = 0; j < 4; ++j) {
      tap.index[static_cast<std::size_t>(j)] = std::clamp<index_t>(k + j - 1, 0, points - 1);
    }
    tap.weight = {((2 - t) * t - 1) * t / 2,
                  ((3 * t - 5) * t * t + 2) / 2,
                  ((4 - 3 * t) * t + 1) * t / 2,
                  (t - 1) * t * t / 2};
    taps_.push_back(tap);
  }
}

}  // namespace gftcore
