// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore::instructions {

inline constexpr index_t kSide = 608;
inline constexpr index_t kScale = 4;

/// SplitMix64 (Steele, Lea and Flood, 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  /// 0 .. limit - 1, nearly uniform for small limits.
  std::int64_t below(std::int64_t limit) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<std::int64_t>((z ^ (z >> 31U)) % static_cast<std::uint64_t>(limit));
  }

 private:
  std::uint64_t state_;
};

/// Sums over windows of 2 radius values along one axis, periodic.
inline void box_sums(std::vector<std::int64_t>& field, index_t step, index_t radius) {
  const index_t other = step == 1 ? kSide : 1;
  std::vector<std::int64_t> line(static_cast<std::size_t>(kSide));
  for (index_t l = 0; l < kSide; ++l) {
    std::int64_t* first = field.data() + l * other;
    for (index_t i = 0; i < kSide; ++i) line[static_cast<std::size_t>(i)] = first[i * step];
    const auto at = [&](index_t i) { return line[static_cast<std::size_t>((i + kSide) % kSide)]; };
    std::int64_t sum = 0;
    for (index_t i = -radius; i < radius; ++i) sum += at(i);
    for (index_t i = 0; i < kSide; ++i) {
      first[i * step] = sum;
      sum += at(i + radius) - at(i - radius);
    }
  }
}

/// White noise under three box sums each way.
inline std::vector<std::int64_t> smooth_noise(Random& random, index_t radius) {
  std::vector<std::int64_t> field(static_cast<std::size_t>(kSide * kSide));
  for (std::int64_t& value : field) value = random.below(2001) - 1000;
  for (int pass = 0; pass < 3; ++pass) {
    box_sums(field, 1, radius);
    box_sums(field, kSide, radius);
    for (std::int64_t& value : field) value >>= 4U;
  }
  return field;
}

/// Vessels along the zeros of two noises, which cross, none in a central disc; bytes 0 and 1.
inline std::vector<std::uint8_t> draw_vessels() {
  Random random(20230216);
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(kSide * kSide), 0);
  for (int layer = 0; layer < 2; ++layer) {
    std::vector<std::int64_t> height = smooth_noise(random, 10);
    for (std::int64_t& value : height) value = std::abs(value);
    std::vector<std::int64_t> sorted = height;
    const auto fifth = sorted.begin() + std::ssize(sorted) / 5;
    std::nth_element(sorted.begin(), fifth, sorted.end());
    for (std::size_t i = 0; i < mask.size(); ++i) {
      if (height[i] <= *fifth) mask[i] = 1;
    }
  }
  for (index_t i = 0; i < kSide * kSide; ++i) {
    const index_t r = i / kSide - kSide / 2;
    const index_t c = i % kSide - kSide / 2;
    if (r * r + c * c < kSide * kSide / 100) mask[static_cast<std::size_t>(i)] = 0;
  }
  return mask;
}

inline ImageView<const std::uint8_t> view(const std::vector<std::uint8_t>& mask) {
  return {mask.data(), kSide, kSide};
}

/// draw_vessels() as bits.
inline BitImage vessel_bits() {
  BitImage bits;
  pack(view(draw_vessels()), bits);
  return bits;
}

/// A raw image of the vessels at 1 / kScale of their size, with noise.
inline std::vector<float> photograph() {
  const std::vector<std::uint8_t> mask = draw_vessels();
  Random random(7);
  const index_t side = kSide / kScale;
  std::vector<float> image(static_cast<std::size_t>(side * side), 0.0F);
  for (float& value : image) value = static_cast<float>(random.below(60));
  for (index_t i = 0; i < kSide * kSide; ++i) {
    const index_t pixel = i / kSide / kScale * side + i % kSide / kScale;
    image[static_cast<std::size_t>(pixel)] += 10.0F * mask[static_cast<std::size_t>(i)];
  }
  return image;
}

}  // namespace gftcore::instructions
