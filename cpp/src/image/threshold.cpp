// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/threshold.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <sstream>

#include "../simd/polyphase.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

constexpr int kKeyBits = 14;
constexpr std::size_t kKeys = std::size_t{1} << kKeyBits;

/// The leading bits of an integer that sorts as the value does; -0 counts as +0.
std::uint32_t key(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0F);
  const std::uint32_t negative = 0U - (bits >> 31);
  return (bits ^ (negative | 0x80000000U)) >> (32 - kKeyBits);
}

/// Counts of keys. Two tables, since neighbouring pixels often share a key and an increment must
/// wait for the one before it.
void count_keys(std::span<const float> values, std::vector<std::uint32_t>& counts) {
  counts.assign(2 * kKeys, 0);
  std::uint32_t* even = counts.data();
  std::uint32_t* odd = even + kKeys;
  std::size_t i = 0;
  for (; i + 2 <= values.size(); i += 2) {
    ++even[key(values[i])];
    ++odd[key(values[i + 1])];
  }
  if (i < values.size()) ++even[key(values[i])];
  for (std::size_t k = 0; k < kKeys; ++k) even[k] += odd[k];
}

}  // namespace

float quantile_threshold(std::span<const float> values,
                         double quantile,
                         ThresholdScratch& scratch) {
  if (values.empty()) throw ValueError("values must not be empty");
  if (!(quantile >= 0 && quantile <= 1)) {
    std::ostringstream message;
    message << "quantile must lie in 0..1, got " << quantile;
    throw ValueError(message.str());
  }
  auto rank =
      static_cast<std::size_t>(std::floor(quantile * static_cast<double>(values.size() - 1)));
  count_keys(values, scratch.histogram);
  std::uint32_t wanted = 0;
  while (rank >= scratch.histogram[wanted]) rank -= scratch.histogram[wanted++];

  auto& candidates = scratch.candidates;
  candidates.resize(scratch.histogram[wanted] + 1);  // one more, so that every write has a place
  std::size_t count = 0;
  for (const float value : values) {
    candidates[count] = value;
    count += key(value) == wanted ? 1 : 0;
  }
  const auto nth = candidates.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(
      candidates.begin(), nth, candidates.begin() + static_cast<std::ptrdiff_t>(count));
  return *nth;
}

double otsu_threshold(std::span<const float> values) {
  if (values.empty()) throw ValueError("values must not be empty");
  constexpr int kBins = 256;
  const auto [lowest, highest] = std::ranges::minmax(values);
  const double low = lowest;
  const double range = double{highest} - low;
  if (!(range > 0)) return low;

  std::array<index_t, kBins> counts{};
  const double bins_per_unit = kBins / range;
  for (const float value : values) {
    const auto bin = static_cast<int>((double{value} - low) * bins_per_unit);
    ++counts[static_cast<std::size_t>(std::min(bin, kBins - 1))];
  }
  double total = 0;
  for (int b = 0; b < kBins; ++b) {
    total += static_cast<double>(counts[static_cast<std::size_t>(b)]) * b;
  }
  const auto pixels = static_cast<double>(values.size());
  double below = 0;
  double below_sum = 0;
  double best = -1;
  int best_bin = 0;
  for (int b = 0; b + 1 < kBins; ++b) {
    const auto count = static_cast<double>(counts[static_cast<std::size_t>(b)]);
    below += count;
    below_sum += count * b;
    const double gap = below_sum / below - (total - below_sum) / (pixels - below);
    const double variance = below * (pixels - below) * gap * gap;
    if (variance > best) {
      best = variance;
      best_bin = b;
    }
  }
  return low + (best_bin + 0.5) * range / kBins;
}

float floor_float(double x) {
  const auto nearest = static_cast<float>(x);
  return double{nearest} > x ? std::nextafter(nearest, -HUGE_VALF) : nearest;
}

void above(ImageView<const float> values, double threshold, BitImage& out, Target target) {
  const float bound = floor_float(threshold);
  out.reset(values.rows(), values.cols());
  for (index_t r = 0; r < values.rows(); ++r) {
#if defined(__x86_64__)
    if (target == Target::avx512) {
      simd::above_avx512(values.row(r), values.cols(), bound, out.row(r));
      continue;
    }
    if (target == Target::avx2) {
      simd::above_avx2(values.row(r), values.cols(), bound, out.row(r));
      continue;
    }
#endif
    static_cast<void>(target);
    simd::above_scalar(values.row(r), values.cols(), bound, out.row(r));
  }
}

}  // namespace gftcore
