// SPDX-License-Identifier: Apache-2.0
// Quantile, Otsu's threshold, and what lies above a threshold.
#include "gftcore/image/threshold.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "../naive/grid.hpp"
#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

/// Finite values of any size, straight from the input's bits; then those of grey_values().
void mix_in_bits(Bytes& bytes, std::vector<float>& values) {
  for (float& value : values) {
    if (bytes.left() < 4) return;
    const std::uint32_t low = bytes.two_bytes();
    const auto any = std::bit_cast<float>(low | std::uint32_t{bytes.two_bytes()} << 16U);
    if (std::isfinite(any)) value = any;
  }
}

/// By a cut after each of 256 bins, in the bins' own units.
double naive_otsu(const std::vector<float>& values) {
  const double low = *std::ranges::min_element(values);
  const double high = *std::ranges::max_element(values);
  if (!(high > low)) return low;
  std::array<double, 256> counts{};
  for (const float value : values) {
    const double bin = std::floor((double{value} - low) * (256 / (high - low)));
    counts.at(static_cast<std::size_t>(std::min(bin, 255.0))) += 1;
  }
  double best = -1;
  std::size_t best_bin = 0;
  for (std::size_t cut = 0; cut + 1 < 256; ++cut) {
    double n[2] = {0, 0};
    double sum[2] = {0, 0};
    for (std::size_t bin = 0; bin < 256; ++bin) {
      const std::size_t side = bin <= cut ? 0 : 1;
      n[side] += counts.at(bin);
      sum[side] += counts.at(bin) * static_cast<double>(bin);
    }
    const double gap = sum[0] / n[0] - sum[1] / n[1];
    const double variance = n[0] * n[1] * gap * gap;
    if (variance > best) {
      best = variance;
      best_bin = cut;
    }
  }
  return low + (static_cast<double>(best_bin) + 0.5) * (high - low) / 256;
}

void check_quantile(const std::vector<float>& values, int kind) {
  static ThresholdScratch scratch;
  constexpr double kBad[] = {-0.001, 1.001, std::numeric_limits<double>::quiet_NaN()};
  const bool bad = kind % 16 == 0;
  const double quantile = bad ? kBad[kind / 16 % 3] : static_cast<double>(kind) / 255.0;
  float got = 0;
  try {
    got = quantile_threshold(values, quantile, scratch);
  } catch (const ValueError&) {
    expect(bad || values.empty(), "a good quantile is taken");
    return;
  }
  expect(!bad && !values.empty(), "a bad quantile is refused");
  plant("quantile_threshold", got);
  std::vector<float> sorted = values;
  std::ranges::sort(sorted);
  const auto rank =
      static_cast<std::size_t>(std::floor(quantile * static_cast<double>(sorted.size() - 1)));
  same(got, sorted[rank], "quantile_threshold");
}

void check_otsu(const std::vector<float>& values) {
  double got = 0;
  try {
    got = otsu_threshold(values);
  } catch (const ValueError&) {
    expect(values.empty(), "values have a threshold");
    return;
  }
  plant("otsu_threshold", got);
  same(got, naive_otsu(values), "otsu_threshold");
}

/// A threshold equal to a value, beside it by less than a float can tell, or any.
double choose_threshold(const std::vector<float>& values, int kind, std::uint8_t seed) {
  const double value = values.empty() ? 0 : double{values[seed % values.size()]};
  switch (kind % 6) {
    case 0:
      return value;
    case 1:
      return std::nextafter(value, 1e300);
    case 2:
      return std::nextafter(value, -1e300);
    case 3:
      return value * 0.75;
    case 4:
      return 0;
    default:
      return (seed % 2 == 0 ? 1 : -1) * 1e39;
  }
}

void check_above(const std::vector<float>& values, Shape shape, double threshold) {
  static BitImage out;
  naive::Mask want(shape.rows, shape.cols);
  for (std::size_t i = 0; i < values.size(); ++i) {
    want.values[i] = double{values[i]} > threshold ? 1 : 0;
  }
  const BitImage wanted = naive::bits_of(want);
  for (const Target target : available_targets()) {
    above({values.data(), shape.rows, shape.cols}, threshold, out, target);
    plant("above", target, out);
    same(out, wanted, "above");
    expect_clean_guards(out, "guards of what is above");
  }
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static std::vector<float> values;
  Bytes bytes(data);
  const Shape shape = read_shape(bytes, {.area = 1100});
  const std::uint8_t grey = bytes.byte();
  const std::uint8_t seed = bytes.byte();
  const int quantile = bytes.byte();
  const int threshold = bytes.byte();
  grey_values(grey, seed, shape, values);
  mix_in_bits(bytes, values);
  check_above(values, shape, choose_threshold(values, threshold, seed));
  check_quantile(values, quantile);
  if (threshold % 4 == 0) check_otsu(values);
}

}  // namespace gftcore::fuzz
