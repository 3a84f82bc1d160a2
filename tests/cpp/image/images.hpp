// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// A grey image that owns its pixels.
struct GreyImage {
  index_t rows;
  index_t cols;
  std::vector<float> pixels;

  GreyImage(index_t num_rows, index_t num_cols, float value = 0.0F)
      : rows(num_rows), cols(num_cols), pixels(static_cast<std::size_t>(rows * cols), value) {}

  ImageView<float> view() { return {pixels.data(), rows, cols}; }
  ImageView<const float> view() const { return {pixels.data(), rows, cols}; }
  float& operator()(index_t r, index_t c) { return view()(r, c); }
};

/// Values in [0, 1) that look random; the same for the same seed.
inline GreyImage noise(index_t rows, index_t cols, std::uint32_t seed) {
  GreyImage image(rows, cols);
  std::uint32_t state = seed * 2654435761U + 1;
  for (float& pixel : image.pixels) {
    state = state * 1664525U + 1013904223U;
    pixel = static_cast<float>(state >> 8) / 16777216.0F;
  }
  return image;
}

/// What an image mirrored at its edges shows at index i.
inline index_t mirrored_index(index_t i, index_t n) {
  i = (i % (2 * n) + 2 * n) % (2 * n);
  return i < n ? i : 2 * n - 1 - i;
}

}  // namespace gftcore
