// SPDX-License-Identifier: Apache-2.0
#include "distance.hpp"

namespace gftcore::simd {
namespace {

bool is_vessel(const std::uint64_t* words, std::ptrdiff_t c) {
  return ((words[c >> 6] >> (c & 63)) & 1U) != 0;
}

/// One step of a column pass: 0 on background, else one more than in the row before.
void step(const std::uint64_t* words,
          const std::uint16_t* before,
          std::uint16_t* here,
          std::ptrdiff_t cols) {
  for (std::ptrdiff_t c = 0; c < cols; ++c) {
    const std::uint32_t next = before[c] == kDistanceNone ? kDistanceNone : before[c] + 1U;
    here[c] = is_vessel(words, c) ? static_cast<std::uint16_t>(next) : std::uint16_t{0};
  }
}

/// The smallest squares[d] + d^2 over |d| <= kDistanceReach. Anything above kDistanceReach^2 is
/// only a bound.
std::uint32_t nearest(const std::uint16_t* squares) {
  std::uint32_t best = squares[0];
  for (std::int32_t d = 1; d <= kDistanceReach; ++d) {
    const auto across = static_cast<std::uint32_t>(d * d);
    if (best <= across) break;
    const std::uint16_t side = squares[-d] < squares[d] ? squares[-d] : squares[d];
    if (side + across < best) best = side + across;
  }
  return best;
}

/// False as soon as one pixel lies beyond the reach.
bool search_row(const std::uint64_t* words,
                const std::uint16_t* squares,
                std::ptrdiff_t cols,
                std::int32_t* out) {
  for (std::ptrdiff_t c = 0; c < cols; ++c) {
    out[c] = 0;
    if (!is_vessel(words, c)) continue;
    const std::uint32_t best = nearest(squares + c);
    if (best > kDistanceReach * kDistanceReach) return false;
    out[c] = static_cast<std::int32_t>(best);
  }
  return true;
}

}  // namespace

void distance_scalar(const DistanceJob& job) {
  const std::uint16_t beyond = job.framed ? 0 : kDistanceNone;
  std::uint16_t* squares = job.squares + kDistanceReach;
  for (std::ptrdiff_t c = 0; c < job.padded; ++c) job.up[c] = beyond;
  for (std::ptrdiff_t c = -kDistanceReach; c < job.padded + kDistanceReach; ++c) {
    squares[c] = kDistanceNone;
  }
  squares[-1] = beyond;
  squares[job.cols] = beyond;

  const std::uint16_t* before = job.up;
  for (std::ptrdiff_t r = 0; r < job.rows; ++r) {
    std::uint16_t* here = job.vertical + r * job.padded;
    step(job.words + r * job.word_stride, before, here, job.cols);
    before = here;
  }
  for (std::ptrdiff_t r = job.rows - 1; r >= 0; --r) {
    const std::uint64_t* words = job.words + r * job.word_stride;
    std::uint16_t* vertical = job.vertical + r * job.padded;
    step(words, job.up, job.up, job.cols);
    for (std::ptrdiff_t c = 0; c < job.cols; ++c) {
      if (job.up[c] < vertical[c]) vertical[c] = job.up[c];
      // 255^2 is beyond the reach already, so a larger distance needs no exact square here.
      const std::uint32_t g = vertical[c] < 255 ? vertical[c] : 255;
      squares[c] = static_cast<std::uint16_t>(g * g);
    }
    job.far_row[r] = search_row(words, squares, job.cols, job.out + r * job.cols) ? 0 : 1;
  }
}

}  // namespace gftcore::simd
