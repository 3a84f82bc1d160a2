// SPDX-License-Identifier: Apache-2.0
#include "nearest.hpp"

#include <algorithm>

namespace gftcore::simd {
namespace {

std::uint32_t smaller(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

/// One step of a column pass. `step` is what a key grows by when the distance grows by one:
/// (g + 1)^2 - g^2 = 2 g + 1, hence larger by two from row to row.
void advance(const NearestJob& job,
             const std::uint32_t* before,
             std::uint32_t* step,
             std::uint32_t* here) {
  const std::uint32_t two = std::uint32_t{2} << job.shift;
  for (std::ptrdiff_t c = 0; c < job.cols; ++c) {
    here[c] = smaller(before[c] + step[c], kNearestNone);
    step[c] = smaller(step[c] + two, kNearestNone);
  }
}

void place_sites(const NearestJob& job,
                 std::ptrdiff_t r,
                 std::uint32_t* step,
                 std::uint32_t* here) {
  const std::uint32_t one = std::uint32_t{1} << job.shift;
  for (std::int64_t i = job.site_ptr[r]; i < job.site_ptr[r + 1]; ++i) {
    const auto [c, tag] = job.sites[i];
    // A key below one is a site already placed on this pixel, with a lower id.
    if (here[c] >= one) here[c] = tag;
    step[c] = one;
  }
}

/// The smallest key.
std::uint32_t nearest(const NearestJob& job, const std::uint32_t* merged) {
  std::uint32_t best = merged[0];
  for (int d = 1; d <= job.reach; ++d) {
    const std::uint32_t across = static_cast<std::uint32_t>(d * d) << job.shift;
    if (best <= across) break;
    best = smaller(best, smaller(merged[-d], merged[d]) + across);
  }
  return best;
}

/// The ids of one row, whose keys from both sides are in `merged`.
void search_row(const NearestJob& job, std::ptrdiff_t r, const std::uint32_t* merged) {
  const auto beyond = static_cast<std::uint32_t>(job.reach + 1);
  const std::uint32_t last = beyond * beyond << job.shift;
  const std::uint32_t tag_bits = (std::uint32_t{1} << job.shift) - 1;
  const std::uint64_t* words = job.words + r * job.word_stride;
  std::uint64_t* doubtful = job.doubtful + r * job.word_stride;
  std::int32_t* out = job.out + r * job.cols;
  for (std::ptrdiff_t c = 0; c < job.cols; ++c) {
    out[c] = kNearestBackground;
    const std::uint64_t bit = std::uint64_t{1} << (c & 63);
    if ((words[c >> 6] & bit) == 0) continue;
    const std::uint32_t key = nearest(job, merged + c);
    out[c] = key > last ? kNearestUnknown : static_cast<std::int32_t>((key & tag_bits) >> 1);
    if (key > last || (key & 1U) != 0) doubtful[c >> 6] |= bit;
  }
}

}  // namespace

void nearest_scalar(const NearestJob& job) {
  std::uint32_t* merged = job.merged + kNearestReach;
  std::fill(job.merged, merged + job.padded + kNearestReach, kNearestNone);
  std::fill_n(job.below, job.padded, kNearestNone);
  std::fill_n(job.above_step, job.padded, kNearestNone);
  const std::uint32_t* before = job.below;
  for (std::ptrdiff_t first = 0; first < job.rows; first += kNearestBand) {
    const std::ptrdiff_t end = std::min(job.rows, first + kNearestBand);
    for (std::ptrdiff_t r = first; r < end; ++r) {
      std::uint32_t* here = job.above + (r - first) * job.padded;
      advance(job, before, job.above_step, here);
      place_sites(job, r, job.above_step, here);
      before = here;
    }
    // Sites further below the band than the reach could not be written.
    std::fill_n(job.below, job.padded, kNearestNone);
    std::fill_n(job.below_step, job.padded, kNearestNone);
    for (std::ptrdiff_t r = std::min(end + job.reach, job.rows - 1); r >= first; --r) {
      advance(job, job.below, job.below_step, job.below);
      place_sites(job, r, job.below_step, job.below);
      if (r >= end) continue;
      const std::uint32_t* above = job.above + (r - first) * job.padded;
      for (std::ptrdiff_t c = 0; c < job.cols; ++c) merged[c] = smaller(above[c], job.below[c]);
      search_row(job, r, merged);
    }
  }
}

}  // namespace gftcore::simd
