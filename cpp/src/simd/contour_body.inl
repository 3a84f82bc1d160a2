// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by the file of each instruction set, which defines
// int ones(Word). Plain loops over words: the compiler makes vectors of them.

/// Each bit's neighbour one column further.
Word east(const Word* row, std::ptrdiff_t k) { return row[k] >> 1 | row[k + 1] << 63; }
Word west(const Word* row, std::ptrdiff_t k) { return row[k] << 1 | row[k - 1] >> 63; }
/// The same of the ones that two rows share.
Word east(const Word* a, const Word* b, std::ptrdiff_t k) {
  return (a[k] & b[k]) >> 1 | (a[k + 1] & b[k + 1]) << 63;
}
Word west(const Word* a, const Word* b, std::ptrdiff_t k) {
  return (a[k] & b[k]) << 1 | (a[k - 1] & b[k - 1]) >> 63;
}

/// How many of four sets hold each bit, as far as the weights ask.
struct Tally {
  Word zero, one, two, three;
};

Tally tally(Word a, Word b, Word c, Word d) {
  const Word ab_odd = a ^ b;
  const Word cd_odd = c ^ d;
  const Word ab_full = a & b;
  const Word cd_full = c & d;
  const Word odd = ab_odd ^ cd_odd;
  const Word one_pair_full = ab_full ^ cd_full;
  return {~(a | b | c | d),
          odd & ~(ab_full | cd_full),
          (ab_odd & cd_odd) | (one_pair_full & ~odd),
          odd & one_pair_full};
}

/// With n4 and nd contour pixels among the 4-neighbours and the diagonal ones: weight 1 for
/// n4 = 2, 3 and nd <= 2; sqrt(2) for (0, 2) and (1, 3); the mean of both for (1, 1) and (1, 2).
struct Classes {
  Word straight, diagonal, mixed;
};

Classes classify(Word contour, const Tally& sides, const Tally& corners) {
  return {contour & (sides.two | sides.three) & (corners.zero | corners.one | corners.two),
          contour & ((sides.zero & corners.two) | (sides.one & corners.three)),
          contour & sides.one & (corners.one | corners.two)};
}

void find_contour(const ContourJob& job) {
  Word* __restrict out = job.contour[2];
  if (job.linked) {
    const Word* pixels = job.pixels[1];
    const Word* same_east = job.east[1];
    const Word* same_north = job.south[1];
    const Word* same_south = job.south[2];
    for (std::ptrdiff_t k = 0; k < job.words; ++k) {
      out[k] = pixels[k] & ~(same_east[k] & west(same_east, k) & same_south[k] & same_north[k]);
    }
    return;
  }
  const Word* above = job.pixels[0];
  const Word* here = job.pixels[1];
  const Word* below = job.pixels[2];
  for (std::ptrdiff_t k = 0; k < job.words; ++k) {
    out[k] = here[k] & ~(above[k] & below[k] & east(here, k) & west(here, k));
  }
}

void classify_apart(const ContourJob& job) {
  const Word* above = job.contour[0];
  const Word* here = job.contour[1];
  const Word* below = job.contour[2];
  Word* __restrict straight = job.classes[0];
  Word* __restrict diagonal = job.classes[1];
  Word* __restrict mixed = job.classes[2];
  for (std::ptrdiff_t k = 0; k < job.words; ++k) {
    const Classes classes =
        classify(here[k],
                 tally(above[k], below[k], east(here, k), west(here, k)),
                 tally(east(above, k), west(above, k), east(below, k), west(below, k)));
    straight[k] = classes.straight;
    diagonal[k] = classes.diagonal;
    mixed[k] = classes.mixed;
  }
}

void classify_linked(const ContourJob& job) {
  const Word* above = job.contour[0];
  const Word* here = job.contour[1];
  const Word* below = job.contour[2];
  const Word* same_east = job.east[0];
  const Word* from_above = job.south[0];
  const Word* same_south = job.south[1];
  const Word* from_north_west = job.south_east[0];
  const Word* same_south_east = job.south_east[1];
  const Word* from_north_east = job.south_west[0];
  const Word* same_south_west = job.south_west[1];
  Word* __restrict straight = job.classes[0];
  Word* __restrict diagonal = job.classes[1];
  Word* __restrict mixed = job.classes[2];
  for (std::ptrdiff_t k = 0; k < job.words; ++k) {
    const Tally sides = tally(above[k] & from_above[k],
                              below[k] & same_south[k],
                              east(here, k) & same_east[k],
                              west(here, same_east, k));
    const Tally corners = tally(east(above, from_north_east, k),
                                west(above, from_north_west, k),
                                east(below, k) & same_south_east[k],
                                west(below, k) & same_south_west[k]);
    const Classes classes = classify(here[k], sides, corners);
    straight[k] = classes.straight;
    diagonal[k] = classes.diagonal;
    mixed[k] = classes.mixed;
  }
}

void count_runs(const ContourJob& job) {
  const Word* straight = job.classes[0];
  const Word* diagonal = job.classes[1];
  const Word* mixed = job.classes[2];
  for (std::ptrdiff_t i = 0; i < job.num_runs; ++i) {
    if (job.labels[i] == 0) continue;
    const std::int32_t begin = job.runs[3 * i + 1];
    const std::int32_t last_col = job.runs[3 * i + 2] - 1;
    const std::ptrdiff_t first = begin >> 6;
    const std::ptrdiff_t last = last_col >> 6;
    Word inside = ~Word{0} << (begin & 63);
    std::int32_t* sums = job.sums + 3 * (std::ptrdiff_t{job.labels[i]} - 1);
    for (std::ptrdiff_t k = first; k < last; ++k) {
      sums[0] += ones(straight[k] & inside);
      sums[1] += ones(diagonal[k] & inside);
      sums[2] += ones(mixed[k] & inside);
      inside = ~Word{0};
    }
    inside &= ~Word{0} >> (63 - (last_col & 63));
    sums[0] += ones(straight[last] & inside);
    sums[1] += ones(diagonal[last] & inside);
    sums[2] += ones(mixed[last] & inside);
  }
}

void run(const ContourJob& job) {
  find_contour(job);
  if (job.linked) {
    classify_linked(job);
  } else {
    classify_apart(job);
  }
  count_runs(job);
}
