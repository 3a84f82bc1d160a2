// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace gftcore::simd {

/// Columns searched to either side of a pixel; `merged` has as many entries before and after.
inline constexpr int kNearestReach = 64;

/// Rows whose keys from above are kept at a time: few enough to stay in the cache.
inline constexpr int kNearestBand = 128;

/// The key of "no site"; sums of two keys then still fit in 32 bits.
inline constexpr std::uint32_t kNearestNone = 0x7fffffff;

inline constexpr std::int32_t kNearestBackground = -1;
inline constexpr std::int32_t kNearestUnknown = -2;

/// A point on a vessel.
struct NearestSite {
  std::int32_t col;
  std::uint32_t tag;
};

/// One image, its sites, and the memory to work in. A key is squared distance << shift | tag, and a
/// tag is 2 id + mark, so that the smallest key is the nearest site, with the lowest id among
/// equals. `reach` is at most kNearestReach, and (reach + 1)^2 << shift is below kNearestNone.
/// `padded` = cols rounded up to a multiple of 64.
struct NearestJob {
  const std::uint64_t* words;  // row 0; bit i of word k is column 64 k + i, set on vessels
  std::ptrdiff_t word_stride;
  std::ptrdiff_t rows;
  std::ptrdiff_t cols;
  std::ptrdiff_t padded;
  const std::int64_t* site_ptr;  // [rows + 1] into the next
  const NearestSite* sites;      // tags ascending in each row
  int shift;
  int reach;
  std::uint32_t* above;       // [min(rows, kNearestBand), padded]
  std::uint32_t* above_step;  // [padded]
  std::uint32_t* below;       // [padded]
  std::uint32_t* below_step;  // [padded]
  std::uint32_t* merged;      // [kNearestReach + padded + kNearestReach]
  std::uint64_t* doubtful;    // as `words`, zero at first
  std::int32_t* out;          // [rows, cols]
};

/// Write the id of the nearest site to every vessel pixel, kNearestUnknown where it lies too far
/// away for `reach` and for a key, kNearestBackground elsewhere. A site that was written lies at
/// most reach + 1 away. Set `doubtful` where the site has its mark and where it is unknown.
void nearest_scalar(const NearestJob& job);
void nearest_avx2(const NearestJob& job);
void nearest_avx512(const NearestJob& job);

}  // namespace gftcore::simd
