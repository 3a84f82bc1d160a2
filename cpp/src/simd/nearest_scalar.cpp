// SPDX-License-Identifier: Apache-2.0
#include "nearest.hpp"

namespace gftcore::simd {
namespace {

std::uint32_t smaller(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

/// One step of a column pass. `step` is what a key grows by when the distance grows by one:
/// (g + 1)^2 - g^2 = 2 g + 1, hence larger by two from row to row.
void advance(const NearestJob& job, const std::uint32_t* before, std::uint32_t* here) {
  const std::uint32_t two = std::uint32_t{2} << job.shift;
  for (std::ptrdiff_t c = 0; c < job.cols; ++c) {
    here[c] = smaller(before[c] + job.step[c], kNearestNone);
    job.step[c] = smaller(job.step[c] + two, kNearestNone);
  }
}

void place_sites(const NearestJob& job, std::ptrdiff_t r, std::uint32_t* here) {
  const std::uint32_t one = std::uint32_t{1} << job.shift;
  for (std::int64_t i = job.site_ptr[r]; i < job.site_ptr[r + 1]; ++i) {
    const std::int32_t c = job.site_col[i];
    // A key below one is a site already placed on this pixel, with a lower id.
    if (here[c] >= one) here[c] = job.site_tag[i];
    job.step[c] = one;
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

}  // namespace

void nearest_scalar(const NearestJob& job) {
  std::uint32_t* merged = job.merged + kNearestReach;
  for (std::ptrdiff_t c = -kNearestReach; c < job.padded + kNearestReach; ++c) {
    merged[c] = kNearestNone;
  }
  for (std::ptrdiff_t c = 0; c < job.padded; ++c) job.below[c] = job.step[c] = kNearestNone;
  const std::uint32_t last = static_cast<std::uint32_t>((job.reach + 1) * (job.reach + 1))
                             << job.shift;
  const std::uint32_t tag_bits = (std::uint32_t{1} << job.shift) - 1;
  const std::uint32_t* before = job.below;
  for (std::ptrdiff_t r = 0; r < job.rows; ++r) {
    std::uint32_t* here = job.above + r * job.padded;
    advance(job, before, here);
    place_sites(job, r, here);
    before = here;
  }
  for (std::ptrdiff_t c = 0; c < job.padded; ++c) job.step[c] = kNearestNone;
  for (std::ptrdiff_t r = job.rows - 1; r >= 0; --r) {
    const std::uint64_t* words = job.words + r * job.word_stride;
    const std::uint32_t* above = job.above + r * job.padded;
    std::int32_t* out = job.out + r * job.cols;
    advance(job, job.below, job.below);
    place_sites(job, r, job.below);
    for (std::ptrdiff_t c = 0; c < job.cols; ++c) merged[c] = smaller(above[c], job.below[c]);
    std::uint64_t* doubtful = job.doubtful + r * job.word_stride;
    for (std::ptrdiff_t c = 0; c < job.cols; ++c) {
      out[c] = kNearestBackground;
      const std::uint64_t bit = std::uint64_t{1} << (c & 63);
      if ((words[c >> 6] & bit) == 0) continue;
      const std::uint32_t key = nearest(job, merged + c);
      out[c] = key > last ? kNearestUnknown : static_cast<std::int32_t>((key & tag_bits) >> 1);
      if (key > last || (key & 1U) != 0) doubtful[c >> 6] |= bit;
    }
  }
}

}  // namespace gftcore::simd
