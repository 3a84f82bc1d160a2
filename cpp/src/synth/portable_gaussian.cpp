// SPDX-License-Identifier: Apache-2.0
#include "portable_gaussian.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

#include "gftcore/synth/portable_math.hpp"

namespace gftcore {
namespace {

/// Taps 0, 1, ..., reach of one side; the other side is the same.
std::vector<double> half_taps(double sigma) {
  const auto reach = static_cast<index_t>(std::ceil(4 * sigma));
  std::vector<double> taps;
  double sum = 0;
  for (index_t t = 0; t <= reach; ++t) {
    const double x = static_cast<double>(t) / sigma;
    taps.push_back(portable::exp(-0.5 * x * x));
    sum += (t == 0 ? 1 : 2) * taps.back();
  }
  for (double& tap : taps) tap /= sum;
  return taps;
}

index_t mirrored(index_t i, index_t count) {
  const index_t period = 2 * count;
  i = ((i % period) + period) % period;
  return i < count ? i : period - 1 - i;
}

void add_pair(double weight, const double* low, const double* high, index_t count, double* sum) {
  for (index_t c = 0; c < count; ++c) sum[c] += weight * (low[c] + high[c]);
}

}  // namespace

void portable_gaussian(ImageView<double> image, double sigma, ImageView<double> scratch) {
  const std::vector<double> taps = half_taps(sigma);
  const auto reach = static_cast<index_t>(taps.size()) - 1;
  const index_t rows = image.rows();
  const index_t cols = image.cols();

  std::vector<double> padded(static_cast<std::size_t>(cols + 2 * reach));
  for (index_t r = 0; r < rows; ++r) {
    for (index_t i = 0; i < cols + 2 * reach; ++i) {
      padded[static_cast<std::size_t>(i)] = image(r, mirrored(i - reach, cols));
    }
    const double* middle = padded.data() + reach;
    double* sum = scratch.row(r);
    for (index_t c = 0; c < cols; ++c) sum[c] = taps[0] * middle[c];
    for (index_t t = 1; t <= reach; ++t) {
      add_pair(taps[static_cast<std::size_t>(t)], middle - t, middle + t, cols, sum);
    }
  }
  for (index_t r = 0; r < rows; ++r) {
    double* sum = image.row(r);
    for (index_t c = 0; c < cols; ++c) sum[c] = taps[0] * scratch(r, c);
    for (index_t t = 1; t <= reach; ++t) {
      add_pair(taps[static_cast<std::size_t>(t)],
               scratch.row(mirrored(r - t, rows)),
               scratch.row(mirrored(r + t, rows)),
               cols,
               sum);
    }
  }
}

}  // namespace gftcore
