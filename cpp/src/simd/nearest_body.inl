// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Lanes of
// kLanes uint32; load, store, splat, add, lower, and_bits, half; mask_of(words, c), the pixels
// c .. c + kLanes - 1; keep(mask, lanes), zero elsewhere; choose(mask, lanes, otherwise);
// above(lanes, bound), odd(lanes) and either(mask, mask), masks; any(mask);
// put_bits(mask, words, c), where mask_of finds them; write(lanes, out, count).

constexpr std::ptrdiff_t kReach = gftcore::simd::kNearestReach;
constexpr std::ptrdiff_t kBand = gftcore::simd::kNearestBand;
constexpr std::uint32_t kNone = gftcore::simd::kNearestNone;

/// The sites of row r. A key below `one` is a site already placed on this pixel, with a lower id.
void place_sites(const gftcore::simd::NearestJob& job,
                 std::ptrdiff_t r,
                 std::uint32_t* step,
                 std::uint32_t* here) {
  const std::uint32_t one = std::uint32_t{1} << job.shift;
  for (std::int64_t i = job.site_ptr[r]; i < job.site_ptr[r + 1]; ++i) {
    const auto [c, tag] = job.sites[i];
    if (here[c] >= one) here[c] = tag;
    step[c] = one;
  }
}

/// One step of a column pass. `step` is what a key grows by when the distance grows by one:
/// (g + 1)^2 - g^2 = 2 g + 1, hence larger by two from row to row.
void advance(const gftcore::simd::NearestJob& job,
             const std::uint32_t* before,
             std::uint32_t* step,
             std::uint32_t* here) {
  const Lanes none = splat(kNone);
  const Lanes two = splat(std::uint32_t{2} << job.shift);
  for (std::ptrdiff_t c = 0; c < job.padded; c += kLanes) {
    const Lanes grown = load(step + c);
    store(here + c, lower(add(load(before + c), grown), none));
    store(step + c, lower(add(grown, two), none));
  }
}

/// The smallest keys, all lanes at once, outwards in steps of two until no lane can gain. `reach`
/// columns or one more are searched, so keys above the square beyond the reach may be too large.
Lanes search(const gftcore::simd::NearestJob& job, Lanes best, const std::uint32_t* merged) {
  for (std::ptrdiff_t d = 1; d <= job.reach; d += 2) {
    const Lanes across = splat(static_cast<std::uint32_t>(d * d) << job.shift);
    if (!any(above(best, across))) break;
    const Lanes further = splat(static_cast<std::uint32_t>((d + 1) * (d + 1)) << job.shift);
    const Lanes next = add(lower(load(merged - d), load(merged + d)), across);
    const Lanes second = add(lower(load(merged - d - 1), load(merged + d + 1)), further);
    best = lower(best, lower(next, second));
  }
  return best;
}

void search_row(const gftcore::simd::NearestJob& job,
                const std::uint64_t* words,
                const std::uint32_t* merged,
                std::uint64_t* doubtful,
                std::int32_t* out) {
  const std::ptrdiff_t beyond = job.reach + 1;
  const Lanes last = splat(static_cast<std::uint32_t>(beyond * beyond) << job.shift);
  const Lanes tag_bits = splat((std::uint32_t{1} << job.shift) - 1);
  const Lanes unknown = splat(static_cast<std::uint32_t>(gftcore::simd::kNearestUnknown));
  const Lanes background = splat(static_cast<std::uint32_t>(gftcore::simd::kNearestBackground));
  for (std::ptrdiff_t c = 0; c < job.cols; c += kLanes) {
    const std::ptrdiff_t count = job.cols - c < kLanes ? job.cols - c : kLanes;
    const Mask vessel = mask_of(words, c);
    Lanes nearest = background;
    if (any(vessel)) {
      const Lanes best = search(job, keep(vessel, load(merged + c)), merged + c);
      const Mask far = above(best, last);
      put_bits(either(far, odd(best)), doubtful, c);
      nearest = choose(far, unknown, half(and_bits(best, tag_bits)));
      nearest = choose(vessel, nearest, background);
    }
    write(nearest, out + c, count);
  }
}

/// The upward pass of one row, joined with the downward keys. Those already hold the row's own
/// sites, which therefore join `below` only after it.
void join(const gftcore::simd::NearestJob& job,
          const std::uint32_t* above_row,
          std::uint32_t* merged) {
  const Lanes none = splat(kNone);
  const Lanes two = splat(std::uint32_t{2} << job.shift);
  for (std::ptrdiff_t c = 0; c < job.padded; c += kLanes) {
    const Lanes step = load(job.below_step + c);
    const Lanes below = lower(add(load(job.below + c), step), none);
    store(job.below + c, below);
    store(job.below_step + c, lower(add(step, two), none));
    store(merged + c, lower(load(above_row + c), below));
  }
}

void fill(const gftcore::simd::NearestJob& job, std::uint32_t* row) {
  for (std::ptrdiff_t c = 0; c < job.padded; c += kLanes) store(row + c, splat(kNone));
}

void run(const gftcore::simd::NearestJob& shared) {
  // A copy whose address nobody else has, so that stores of keys cannot change its pointers.
  const gftcore::simd::NearestJob job = shared;
  std::uint32_t* merged = job.merged + kReach;
  for (std::ptrdiff_t c = -kReach; c < job.padded + kReach; c += kLanes) {
    store(merged + c, splat(kNone));
  }
  fill(job, job.below);
  fill(job, job.above_step);
  const std::uint32_t* before = job.below;
  for (std::ptrdiff_t first = 0; first < job.rows; first += kBand) {
    const std::ptrdiff_t end = job.rows - first < kBand ? job.rows : first + kBand;
    for (std::ptrdiff_t r = first; r < end; ++r) {
      std::uint32_t* here = job.above + (r - first) * job.padded;
      advance(job, before, job.above_step, here);
      place_sites(job, r, job.above_step, here);
      before = here;
    }
    // Sites further below the band than the reach could not be written.
    fill(job, job.below);
    fill(job, job.below_step);
    const std::ptrdiff_t last = job.rows - end <= job.reach ? job.rows - 1 : end + job.reach;
    for (std::ptrdiff_t r = last; r >= end; --r) {
      advance(job, job.below, job.below_step, job.below);
      place_sites(job, r, job.below_step, job.below);
    }
    for (std::ptrdiff_t r = end - 1; r >= first; --r) {
      join(job, job.above + (r - first) * job.padded, merged);
      place_sites(job, r, job.below_step, job.below);
      const std::uint64_t* words = job.words + r * job.word_stride;
      std::uint64_t* doubtful = job.doubtful + r * job.word_stride;
      search_row(job, words, merged, doubtful, job.out + r * job.cols);
    }
  }
}
