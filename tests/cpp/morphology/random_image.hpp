// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <random>

#include "gftcore/common/bit_image.hpp"

namespace gftcore {

/// Independent pixels, `density` of them on.
inline BitImage noise_image(index_t rows, index_t cols, double density, std::mt19937& random) {
  BitImage image(rows, cols);
  std::bernoulli_distribution on(density);
  for (index_t r = 0; r < rows; ++r) {
    for (index_t c = 0; c < cols; ++c) {
      if (on(random)) image.set(r, c);
    }
  }
  return image;
}

/// Discs of random size and place, so that distances reach from one pixel to far.
inline BitImage disc_image(index_t rows, index_t cols, std::mt19937& random) {
  BitImage image(rows, cols);
  for (int disc = 0; disc < 6; ++disc) {
    const index_t row = static_cast<index_t>(random()) % rows;
    const index_t col = static_cast<index_t>(random()) % cols;
    const index_t radius = static_cast<index_t>(random()) % (std::max(rows, cols) / 2 + 1);
    for (index_t r = 0; r < rows; ++r) {
      for (index_t c = 0; c < cols; ++c) {
        const index_t d2 = (r - row) * (r - row) + (c - col) * (c - col);
        if (d2 <= radius * radius && d2 % 7 != 3) image.set(r, c);
      }
    }
  }
  return image;
}

inline BitImage full_image(index_t rows, index_t cols) {
  BitImage image;
  complement(BitImage(rows, cols), image);
  return image;
}

}  // namespace gftcore
