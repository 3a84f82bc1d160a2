// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace gftcore::simd {

/// Columns searched to either side of a pixel; `squares` has as many entries before and after.
inline constexpr int kDistanceReach = 128;

/// What lies farther than any 16-bit distance.
inline constexpr std::uint16_t kDistanceNone = 65535;

/// One image, and the memory to work in. `padded` = cols rounded up to a multiple of 64.
struct DistanceJob {
  const std::uint64_t* words;  // row 0; bit i of word k is column 64 k + i, set on vessels
  std::ptrdiff_t word_stride;
  std::ptrdiff_t rows;
  std::ptrdiff_t cols;
  std::ptrdiff_t padded;
  bool framed;              // outside the image is background
  std::uint16_t* vertical;  // [rows, padded]
  std::uint16_t* up;        // [padded]
  std::uint16_t* squares;   // [kDistanceReach + padded + kDistanceReach]
  std::uint8_t* far_row;    // [rows]
  std::int32_t* out;        // [rows, cols]
};

/// Write `out`, except where far_row[r] is set: such a row holds a pixel more than kDistanceReach
/// from the background, its part of `out` is unspecified, and its part of `vertical` holds each
/// column's distance to the nearest background in that column (kDistanceNone without any).
void distance_scalar(const DistanceJob& job);
void distance_avx2(const DistanceJob& job);
void distance_avx512(const DistanceJob& job);

}  // namespace gftcore::simd
