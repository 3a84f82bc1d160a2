// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "gftcore/morphology/distance_transform.hpp"
#include "grid.hpp"

namespace gftcore::naive {

/// squared_distance() by looking at every background pixel.
inline std::vector<std::int32_t> squared_distance(const Mask& mask, Frame frame) {
  std::vector<std::pair<std::int32_t, std::int32_t>> background;
  for (index_t r = 0; r < mask.rows; ++r) {
    for (index_t c = 0; c < mask.cols; ++c) {
      if (mask.get(r, c) == 0) background.emplace_back(r, c);
    }
  }
  std::vector<std::int32_t> out;
  for (std::int32_t r = 0; r < mask.rows; ++r) {
    for (std::int32_t c = 0; c < mask.cols; ++c) {
      std::int32_t best = kNoBackground;
      if (mask.get(r, c) == 0) {
        out.push_back(0);
        continue;
      }
      for (const auto& [i, j] : background) {
        best = std::min(best, (i - r) * (i - r) + (j - c) * (j - c));
      }
      if (frame == Frame::background) {
        const auto rows = static_cast<std::int32_t>(mask.rows);
        const auto cols = static_cast<std::int32_t>(mask.cols);
        const std::int32_t out_of_image = std::min({r + 1, c + 1, rows - r, cols - c});
        best = std::min(best, out_of_image * out_of_image);
      }
      out.push_back(best);
    }
  }
  return out;
}

}  // namespace gftcore::naive
