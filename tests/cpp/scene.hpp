// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <vector>

#include "gftcore/common/image_view.hpp"

namespace gftcore {

/// A byte image that owns its pixels.
struct Pixels {
  index_t rows, cols;
  std::vector<std::uint8_t> values;

  Pixels(index_t height, index_t width)
      : rows(height), cols(width), values(static_cast<std::size_t>(height * width), 0) {}

  std::uint8_t& operator()(index_t r, index_t c) {
    return values[static_cast<std::size_t>(r * cols + c)];
  }
  ImageView<const std::uint8_t> view() const { return {values.data(), rows, cols}; }
};

/// Vessels three pixels wide along every `step`-th row and column.
inline Pixels vessel_grid(index_t rows, index_t cols, index_t step) {
  Pixels mask(rows, cols);
  for (index_t r = 0; r < rows; ++r) {
    for (index_t c = 0; c < cols; ++c) {
      const auto on_line = [&](index_t i) {
        return i >= step - 1 && (i - step + 1) % step < 3 && (i - step + 1) % step >= 0;
      };
      if (on_line(r) || on_line(c)) mask(r, c) = 1;
    }
  }
  return mask;
}

/// Equal to the bit, so that NaN equals NaN.
inline bool same_bytes(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

}  // namespace gftcore
