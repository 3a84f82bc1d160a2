// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/synth/draw_vessels.hpp"

namespace gftcore::fuzz::naive {

/// Every pixel against every vessel, as draw_vessels() defines it.
struct Drawing {
  std::vector<std::uint8_t> mask;
  std::vector<float> grey;

  Drawing(std::span<const PlaneVessel> vessels, index_t side)
      : mask(static_cast<std::size_t>(side * side)), grey(mask.size()) {
    const auto scale = static_cast<double>(side);
    for (index_t row = 0; row < side; ++row) {
      for (index_t col = 0; col < side; ++col) {
        bool inside = false;
        double brightest = 0;
        for (const PlaneVessel& v : vessels) {
          const double h = kDrawnHalfWidth * v.radius * scale;
          const double d = distance(v, scale, static_cast<double>(row), static_cast<double>(col));
          inside = inside || d <= h;
          brightest = std::max(brightest, std::clamp(h + 0.5 - d, 0.0, 1.0));
        }
        const auto pixel = static_cast<std::size_t>(row * side + col);
        mask[pixel] = inside ? 1 : 0;
        grey[pixel] = static_cast<float>(brightest);
      }
    }
  }

 private:
  static double distance(const PlaneVessel& v, double scale, double row, double col) {
    const double r0 = v.x0 * scale - 0.5;
    const double c0 = v.y0 * scale - 0.5;
    const double rows = (v.x1 * scale - 0.5) - r0;
    const double cols = (v.y1 * scale - 0.5) - c0;
    const double size = rows * rows + cols * cols;
    const double along = (row - r0) * rows + (col - c0) * cols;
    const double t = size > 0 ? std::clamp(along / size, 0.0, 1.0) : 0.0;
    const double y = row - (r0 + t * rows);
    const double x = col - (c0 + t * cols);
    return std::sqrt(y * y + x * x);
  }
};

}  // namespace gftcore::fuzz::naive
