// SPDX-License-Identifier: Apache-2.0
#include "polyphase_filter.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gftcore {
namespace {

/// Pixels the cubic kernel sees on either side.
constexpr index_t kCubicReach = 2;

/// Keys' cubic convolution kernel with a = -1/2.
double cubic(double x) {
  x = std::abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

index_t floor_div(index_t a, index_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

index_t round_up(index_t n, index_t unit) { return (n + unit - 1) / unit * unit; }

/// Weights of input pixels i - reach .. i + reach in output pixel scale * i + phase.
std::vector<double> phase_weights(std::span<const double> taps,
                                  index_t scale,
                                  index_t phase,
                                  index_t reach) {
  const auto half = static_cast<index_t>(taps.size() / 2);
  std::vector<double> weights(static_cast<std::size_t>(2 * reach + 1));
  for (index_t t = -half; t <= half; ++t) {
    const index_t i = floor_div(phase + t, scale);
    const index_t p = phase + t - i * scale;
    const double x =
        (static_cast<double>(p) + 0.5) / static_cast<double>(scale) - 0.5;  // seen from pixel i
    for (index_t k = -kCubicReach; k <= kCubicReach; ++k) {
      weights[static_cast<std::size_t>(i + k + reach)] +=
          taps[static_cast<std::size_t>(t + half)] * cubic(x - static_cast<double>(k));
    }
  }
  return weights;
}

/// Farthest input pixel with a weight in any phase.
index_t needed_reach(const std::vector<std::vector<double>>& phases, index_t reach) {
  for (index_t r = reach; r > 0; --r) {
    for (const auto& weights : phases) {
      if (weights[static_cast<std::size_t>(reach - r)] != 0 ||
          weights[static_cast<std::size_t>(reach + r)] != 0) {
        return r;
      }
    }
  }
  return 0;
}

}  // namespace

float* aligned(float* p) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  const auto bytes = static_cast<std::uintptr_t>(kAlignedFloats) * sizeof(float);
  return p + ((address + bytes - 1) / bytes * bytes - address) / sizeof(float);
}

AxisTaps enlarging_taps(std::span<const double> taps, index_t scale, index_t min_reach) {
  const auto half = static_cast<index_t>(taps.size() / 2);
  const index_t bound = half / scale + 1 + kCubicReach;
  const index_t pairs = (scale + 1) / 2;
  std::vector<std::vector<double>> phases;
  for (index_t p = 0; p < pairs; ++p) phases.push_back(phase_weights(taps, scale, p, bound));

  AxisTaps out;
  out.reach = std::max(min_reach, needed_reach(phases, bound));
  for (const auto& weights : phases) {
    const auto at = [&](index_t j) {
      return std::abs(j) > bound ? 0.0 : weights[static_cast<std::size_t>(bound + j)];
    };
    out.even.push_back(static_cast<float>(at(0)));
    out.odd.push_back(0.0F);
    for (index_t j = 1; j <= out.reach; ++j) {
      out.even.push_back(static_cast<float>((at(j) + at(-j)) / 2));
      out.odd.push_back(static_cast<float>((at(j) - at(-j)) / 2));
    }
  }
  return out;
}

simd::PaddedImage padded(ImageView<const float> image, index_t reach, FilterScratch& scratch) {
  const index_t covered = round_up(image.cols(), 4 * simd::kMaxLanes);
  const index_t before = round_up(reach, kAlignedFloats);
  const index_t pitch = before + round_up(covered + reach, kAlignedFloats);
  scratch.padded.resize(static_cast<std::size_t>(image.rows() * pitch + kAlignedFloats));
  float* origin = aligned(scratch.padded.data()) + before;

  const index_t cols = image.cols();
  std::vector<index_t> left;
  for (index_t c = 0; c < reach; ++c) {
    const index_t turn = c % (2 * cols);
    left.push_back(turn < cols ? turn : 2 * cols - 1 - turn);
  }
  std::vector<index_t> right;
  for (index_t c = cols; c < covered + reach; ++c) {
    const index_t turn = c % (2 * cols);
    right.push_back(turn < cols ? turn : 2 * cols - 1 - turn);
  }
  for (index_t r = 0; r < image.rows(); ++r) {
    const float* from = image.row(r);
    float* to = origin + r * pitch;
    std::copy_n(from, cols, to);
    float* before_first = to;
    for (const index_t c : left) *--before_first = from[c];
    float* after_last = to + cols;
    for (const index_t c : right) *after_last++ = from[c];
  }
  return {origin, pitch, image.rows(), image.cols()};
}

simd::BlockMemory block_memory(
    index_t rows, index_t scale, index_t reach, index_t orders, FilterScratch& scratch) {
  // Long enough that the rows filtered twice, 2 reach a block, stay few; short enough for L2.
  constexpr index_t kOutputRows = 512;
  const index_t across = scale % 4 == 0 ? 1 : (scale % 2 == 0 ? 2 : 4);
  const index_t strip = scale * across * simd::kMaxLanes;
  const index_t block = std::min(rows, std::max(kOutputRows / scale, 4 * reach));
  const index_t filtered = (block + 2 * reach) * orders * strip;
  scratch.block.resize(static_cast<std::size_t>(filtered + block * scale * strip + kAlignedFloats));
  float* memory = aligned(scratch.block.data());
  return {block, across, memory, memory + filtered};
}

void filter_symmetric(ImageView<const float> image,
                      std::span<const double> taps,
                      index_t scale,
                      const FilterOutput& out,
                      FilterScratch& scratch,
                      Target target) {
  const AxisTaps axis = enlarging_taps(taps, scale);
  if (out.bits != nullptr) out.bits->reset(scale * image.rows(), scale * image.cols());
  const simd::UpsampleJob job{.image = padded(image, axis.reach, scratch),
                              .scale = scale,
                              .reach = axis.reach,
                              .taps = axis.view(),
                              .memory = block_memory(image.rows(), scale, axis.reach, 1, scratch),
                              .out = out.values,
                              .words = out.bits == nullptr ? nullptr : out.bits->row(0),
                              .stride = out.bits == nullptr ? 0 : out.bits->stride(),
                              .threshold = out.threshold};
#if defined(__x86_64__)
  if (target == Target::avx512) return simd::upsample_avx512(job);
  if (target == Target::avx2) return simd::upsample_avx2(job);
#endif
  static_cast<void>(target);
  simd::upsample_scalar(job);
}

}  // namespace gftcore
