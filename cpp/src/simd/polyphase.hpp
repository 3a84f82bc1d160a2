// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace gftcore::simd {

/// Most lanes of any target; images are padded for them.
inline constexpr std::ptrdiff_t kMaxLanes = 16;

/// Filters an axis and makes it `scale` times longer:
/// out[scale * i + p] = sum over |j| <= reach of k[p][j] * in[i + j].
///
/// k[scale - 1 - p][j] = k[p][-j] (symmetric) or -k[p][-j] (antisymmetric), so phases come in
/// pairs (p, scale - 1 - p) and only the parts of k[p] that are even and odd in j are stored:
/// even[p][j] = (k[p][j] + k[p][-j]) / 2, odd[p][j] = (k[p][j] - k[p][-j]) / 2, even[p][0] =
/// k[p][0], odd[p][0] = 0. If scale is odd the last pair is one phase, all even or all odd.
struct PolyphaseTaps {
  const float* even;  // [(scale + 1) / 2, reach + 1]
  const float* odd;   // [(scale + 1) / 2, reach + 1]
};

/// An image, readable from `reach` columns before its first to `reach` columns after the last of
/// 4 * kMaxLanes * n columns, for the smallest n that covers it. Rows are mirrored by the kernel.
struct PaddedImage {
  const float* origin;  // row 0, column 0
  std::ptrdiff_t pitch;
  std::ptrdiff_t rows;
  std::ptrdiff_t cols;
};

/// Memory of a block of rows; `filtered` and `planes` are 64-byte aligned. A block is filtered in
/// strips of `across` vectors of columns; scale * across must be a multiple of 4. A strip has at
/// most strip = scale * across * kMaxLanes floats a row.
struct BlockMemory {
  std::ptrdiff_t rows;  // of the input, a block
  std::ptrdiff_t across;
  float* filtered;  // [rows + 2 * reach, orders, strip]
  float* planes;    // [rows * scale, strip]
};

/// The same symmetric taps along both axes. With `words`, bit c of row r of the words, which must
/// be zero before, says whether value c of that row is above the threshold, and `out` is not used.
struct UpsampleJob {
  PaddedImage image;
  std::ptrdiff_t scale;
  std::ptrdiff_t reach;
  PolyphaseTaps taps;
  BlockMemory memory;
  float* out;  // [scale * rows, scale * cols]
  std::uint64_t* words = nullptr;
  std::ptrdiff_t stride = 0;  // words from row to row
  float threshold = 0;
};

/// Derivatives of order 0, 1, 2; the middle one is antisymmetric.
struct HessianTaps {
  std::ptrdiff_t reach;
  PolyphaseTaps order[3];
};

/// max(0, -smallest eigenvalue of the Hessian), the largest over all `sigmas`.
struct RidgeJob {
  PaddedImage image;
  std::ptrdiff_t scale;
  const HessianTaps* sigmas;
  std::ptrdiff_t num_sigmas;
  BlockMemory memory;
  float* out;  // [scale * rows, scale * cols]
};

void upsample_scalar(const UpsampleJob& job);
void upsample_avx2(const UpsampleJob& job);
void upsample_avx512(const UpsampleJob& job);

void ridge_scalar(const RidgeJob& job);
void ridge_avx2(const RidgeJob& job);
void ridge_avx512(const RidgeJob& job);

/// Bit i of `words` = values[i] > threshold, for i < count; the bits after it in the last word
/// are zero.
void above_scalar(const float* values, std::ptrdiff_t count, float threshold, std::uint64_t* words);
void above_avx2(const float* values, std::ptrdiff_t count, float threshold, std::uint64_t* words);
void above_avx512(const float* values, std::ptrdiff_t count, float threshold, std::uint64_t* words);

}  // namespace gftcore::simd
