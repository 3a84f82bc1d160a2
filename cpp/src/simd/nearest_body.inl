// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Lanes of
// kLanes uint32; load, store, splat, add, lower, and_bits; mask_of(words, c), the pixels
// c .. c + kLanes - 1; keep(mask, lanes), zero elsewhere; choose(mask, lanes, otherwise);
// above(lanes, bound), a mask; any(mask); write(lanes, out, count).

constexpr std::ptrdiff_t kReach = gftcore::simd::kNearestReach;
constexpr std::uint32_t kNone = gftcore::simd::kNearestNone;

/// The sites of row r. A key below `one` is a site already placed on this pixel, with a lower id.
void place_sites(const gftcore::simd::NearestJob& job, std::ptrdiff_t r, std::uint32_t* here) {
  const std::uint32_t one = std::uint32_t{1} << job.shift;
  for (std::int64_t i = job.site_ptr[r]; i < job.site_ptr[r + 1]; ++i) {
    const std::int32_t c = job.site_col[i];
    if (here[c] >= one) here[c] = static_cast<std::uint32_t>(job.site_id[i]);
    job.step[c] = one;
  }
}

/// One step of a column pass. `step` is what a key grows by when the distance grows by one:
/// (g + 1)^2 - g^2 = 2 g + 1, hence larger by two from row to row.
void advance(const gftcore::simd::NearestJob& job,
             const std::uint32_t* before,
             std::uint32_t* here) {
  const Lanes none = splat(kNone);
  const Lanes two = splat(std::uint32_t{2} << job.shift);
  for (std::ptrdiff_t c = 0; c < job.padded; c += kLanes) {
    const Lanes step = load(job.step + c);
    store(here + c, lower(add(load(before + c), step), none));
    store(job.step + c, lower(add(step, two), none));
  }
}

/// All lanes at once, outwards until no lane can gain. Lanes whose site lies beyond the reach
/// become unknown and set `open`.
Lanes search(const gftcore::simd::NearestJob& job,
             Lanes best,
             const std::uint32_t* merged,
             bool& open) {
  std::ptrdiff_t d = 1;
  for (; d <= job.reach; ++d) {
    const Lanes across = splat(static_cast<std::uint32_t>(d * d) << job.shift);
    if (!any(above(best, across))) break;
    best = lower(best, add(lower(load(merged - d), load(merged + d)), across));
  }
  const Lanes id = and_bits(best, splat((std::uint32_t{1} << job.shift) - 1));
  if (d <= job.reach) return id;
  const Mask far = above(best, splat(static_cast<std::uint32_t>(d * d) << job.shift));
  open = open || any(far);
  return choose(far, splat(static_cast<std::uint32_t>(gftcore::simd::kNearestUnknown)), id);
}

/// True if a pixel stays unknown.
bool search_row(const gftcore::simd::NearestJob& job,
                const std::uint64_t* words,
                const std::uint32_t* merged,
                std::int32_t* out) {
  const Lanes background = splat(static_cast<std::uint32_t>(gftcore::simd::kNearestBackground));
  bool open = false;
  for (std::ptrdiff_t c = 0; c < job.cols; c += kLanes) {
    const std::ptrdiff_t count = job.cols - c < kLanes ? job.cols - c : kLanes;
    const Mask vessel = mask_of(words, c);
    Lanes nearest = background;
    if (any(vessel)) {
      nearest = search(job, keep(vessel, load(merged + c)), merged + c, open);
      nearest = choose(vessel, nearest, background);
    }
    write(nearest, out + c, count);
  }
  return open;
}

/// The upward pass of one row, joined with the downward keys. Those already hold the row's own
/// sites, which therefore join `below` only after it.
void join(const gftcore::simd::NearestJob& job,
          const std::uint32_t* above_row,
          std::uint32_t* merged) {
  const Lanes none = splat(kNone);
  const Lanes two = splat(std::uint32_t{2} << job.shift);
  for (std::ptrdiff_t c = 0; c < job.padded; c += kLanes) {
    const Lanes step = load(job.step + c);
    const Lanes below = lower(add(load(job.below + c), step), none);
    store(job.below + c, below);
    store(job.step + c, lower(add(step, two), none));
    store(merged + c, lower(load(above_row + c), below));
  }
}

void run(const gftcore::simd::NearestJob& shared) {
  // A copy whose address nobody else has, so that stores of keys cannot change its pointers.
  const gftcore::simd::NearestJob job = shared;
  const Lanes none = splat(kNone);
  std::uint32_t* merged = job.merged + kReach;
  for (std::ptrdiff_t c = -kReach; c < job.padded + kReach; c += kLanes) store(merged + c, none);
  for (std::ptrdiff_t c = 0; c < job.padded; c += kLanes) {
    store(job.below + c, none);
    store(job.step + c, none);
  }
  const std::uint32_t* before = job.below;
  for (std::ptrdiff_t r = 0; r < job.rows; ++r) {
    std::uint32_t* here = job.above + r * job.padded;
    advance(job, before, here);
    place_sites(job, r, here);
    before = here;
  }
  for (std::ptrdiff_t c = 0; c < job.padded; c += kLanes) store(job.step + c, none);
  for (std::ptrdiff_t r = job.rows - 1; r >= 0; --r) {
    join(job, job.above + r * job.padded, merged);
    place_sites(job, r, job.below);
    const std::uint64_t* words = job.words + r * job.word_stride;
    job.open_row[r] = search_row(job, words, merged, job.out + r * job.cols) ? 1 : 0;
  }
}
