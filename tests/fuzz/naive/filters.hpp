// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "gftcore/image/gaussian.hpp"
#include "grid.hpp"

namespace gftcore::naive {

/// An image of doubles, mirrored at its edges.
using Grey = Grid<double>;

inline Grey grey_of(const std::vector<float>& pixels, index_t rows, index_t cols) {
  Grey out(rows, cols);
  std::ranges::copy(pixels, out.values.begin());
  return out;
}

inline index_t mirrored(index_t i, index_t n) {
  i = (i % (2 * n) + 2 * n) % (2 * n);
  return i < n ? i : 2 * n - 1 - i;
}

/// Correlation with taps down the rows, or along them.
inline Grey correlated(const Grey& image, const std::vector<double>& taps, bool down) {
  const auto reach = static_cast<index_t>(taps.size() / 2);
  Grey out(image.rows, image.cols);
  for (index_t r = 0; r < image.rows; ++r) {
    for (index_t c = 0; c < image.cols; ++c) {
      double sum = 0;
      for (index_t t = -reach; t <= reach; ++t) {
        sum += taps[static_cast<std::size_t>(t + reach)] *
               (down ? image.get(mirrored(r + t, image.rows), c)
                     : image.get(r, mirrored(c + t, image.cols)));
      }
      out(r, c) = sum;
    }
  }
  return out;
}

/// gaussian_mean() by its definition.
inline Grey gaussian_mean(const Grey& image, double sigma) {
  const std::vector<double> taps = gaussian_taps(sigma, 0);
  return correlated(correlated(image, taps, false), taps, true);
}

/// Keys' cubic kernel with a = -1/2.
inline double cubic(double x) {
  x = std::abs(x);
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  if (x < 2) return -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2;
  return 0;
}

/// resize_cubic() by its definition.
inline Grey enlarged(const Grey& image, index_t scale) {
  Grey out(image.rows * scale, image.cols * scale);
  for (index_t y = 0; y < out.rows; ++y) {
    for (index_t x = 0; x < out.cols; ++x) {
      const double row = (static_cast<double>(y) + 0.5) / static_cast<double>(scale) - 0.5;
      const double col = (static_cast<double>(x) + 0.5) / static_cast<double>(scale) - 0.5;
      double sum = 0;
      const auto top = static_cast<index_t>(std::floor(row)) - 1;
      const auto left = static_cast<index_t>(std::floor(col)) - 1;
      for (index_t r = top; r < top + 4; ++r) {
        for (index_t c = left; c < left + 4; ++c) {
          sum += cubic(row - static_cast<double>(r)) * cubic(col - static_cast<double>(c)) *
                 image.get(mirrored(r, image.rows), mirrored(c, image.cols));
        }
      }
      out(y, x) = sum;
    }
  }
  return out;
}

/// hessian_ridge() by its definition: enlarge first, then filter.
inline Grey ridges(const Grey& image, index_t scale, const std::vector<double>& sigmas) {
  const Grey large = enlarged(image, scale);
  Grey best(large.rows, large.cols);
  for (const double sigma : sigmas) {
    const std::array taps{
        gaussian_taps(sigma, 0), gaussian_taps(sigma, 1), gaussian_taps(sigma, 2)};
    const auto derivative = [&](std::size_t down, std::size_t across) {
      return correlated(correlated(large, taps.at(across), false), taps.at(down), true);
    };
    const Grey rr = derivative(2, 0);
    const Grey rc = derivative(1, 1);
    const Grey cc = derivative(0, 2);
    for (std::size_t i = 0; i < best.values.size(); ++i) {
      const double half = (rr.values[i] - cc.values[i]) / 2;
      const double root = std::sqrt(half * half + rc.values[i] * rc.values[i]);
      const double smallest = (rr.values[i] + cc.values[i]) / 2 - root;
      best.values[i] = std::max(best.values[i], -sigma * sigma * smallest);
    }
  }
  return best;
}

/// local_contrast() by its definition.
inline Grey contrast(const Grey& image, double sigma, index_t scale) {
  Grey difference = gaussian_mean(image, sigma);
  for (std::size_t i = 0; i < difference.values.size(); ++i) {
    difference.values[i] = image.values[i] - difference.values[i];
  }
  return enlarged(difference, scale);
}

}  // namespace gftcore::naive
