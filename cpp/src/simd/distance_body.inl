// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Lanes of
// kLanes uint16; load, store, splat, lower, add_saturated, square_capped; mask_of(words, c), the
// pixels c .. c + kLanes - 1; keep(mask, lanes), zero elsewhere; any(mask);
// any_above(lanes, bound); write(lanes, out, count), widened to int32.

constexpr std::ptrdiff_t kReach = gftcore::simd::kDistanceReach;
constexpr std::uint16_t kNone = gftcore::simd::kDistanceNone;

/// One step of a column pass: 0 on background, else one more than in the row before.
void step(const std::uint64_t* words,
          const std::uint16_t* before,
          std::uint16_t* here,
          std::ptrdiff_t padded) {
  const Lanes one = splat(1);
  for (std::ptrdiff_t c = 0; c < padded; c += kLanes) {
    store(here + c, keep(mask_of(words, c), add_saturated(load(before + c), one)));
  }
}

/// Upward step joined with the downward distances; these become the distance in the column.
void join(const std::uint64_t* words,
          std::uint16_t* up,
          std::uint16_t* vertical,
          std::uint16_t* squares,
          std::ptrdiff_t padded) {
  const Lanes one = splat(1);
  for (std::ptrdiff_t c = 0; c < padded; c += kLanes) {
    const Lanes below = keep(mask_of(words, c), add_saturated(load(up + c), one));
    store(up + c, below);
    const Lanes nearest = lower(below, load(vertical + c));
    store(vertical + c, nearest);
    store(squares + c, square_capped(nearest));
  }
}

/// All lanes at once, outwards until no lane can gain. A value above kReach^2 is only a bound.
Lanes search(Lanes best, const std::uint16_t* squares) {
  for (std::ptrdiff_t d = 1; d <= kReach; ++d) {
    const Lanes across = splat(static_cast<std::uint16_t>(d * d));
    if (!any_above(best, across)) break;
    const Lanes side = lower(load(squares - d), load(squares + d));
    best = lower(best, add_saturated(side, across));
  }
  return best;
}

/// False as soon as one pixel lies beyond the reach.
bool search_row(const std::uint64_t* words,
                const std::uint16_t* squares,
                std::ptrdiff_t cols,
                std::int32_t* out) {
  const Lanes limit = splat(static_cast<std::uint16_t>(kReach * kReach));
  for (std::ptrdiff_t c = 0; c < cols; c += kLanes) {
    const std::ptrdiff_t count = cols - c < kLanes ? cols - c : kLanes;
    Lanes best = load(squares + c);
    if (any(mask_of(words, c))) {
      // Padding past the last column has "none" squares, which would never stop the search.
      best = search(keep(mask_of(words, c), best), squares + c);
      if (any_above(best, limit)) return false;
      write(best, out + c, count);
    } else {
      write(splat(0), out + c, count);
    }
  }
  return true;
}

void run(const gftcore::simd::DistanceJob& shared) {
  // A copy whose address nobody else has, so that stores of distances cannot change its pointers.
  const gftcore::simd::DistanceJob job = shared;
  const std::uint16_t beyond = job.framed ? 0 : kNone;
  std::uint16_t* squares = job.squares + kReach;
  for (std::ptrdiff_t c = 0; c < job.padded; c += kLanes) store(job.up + c, splat(beyond));
  for (std::ptrdiff_t c = -kReach; c < job.padded + kReach; c += kLanes) {
    store(squares + c, splat(kNone));
  }
  squares[-1] = beyond;

  const std::uint16_t* before = job.up;
  for (std::ptrdiff_t r = 0; r < job.rows; ++r) {
    std::uint16_t* here = job.vertical + r * job.padded;
    step(job.words + r * job.word_stride, before, here, job.padded);
    before = here;
  }
  for (std::ptrdiff_t r = job.rows - 1; r >= 0; --r) {
    const std::uint64_t* words = job.words + r * job.word_stride;
    join(words, job.up, job.vertical + r * job.padded, squares, job.padded);
    for (std::ptrdiff_t c = job.cols; c < job.padded; ++c) squares[c] = kNone;
    squares[job.cols] = beyond;
    job.far_row[r] = search_row(words, squares, job.cols, job.out + r * job.cols) ? 0 : 1;
  }
}
