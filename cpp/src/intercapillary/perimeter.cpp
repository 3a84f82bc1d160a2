// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/perimeter.hpp"

#include <algorithm>
#include <bit>
#include <numbers>

#include "gftcore/intercapillary/region_runs.hpp"

namespace gftcore {
namespace {

using Word = std::uint64_t;

/// Rows of words with one zero guard word on each side.
Word east(const Word* row, index_t k) { return row[k] >> 1 | row[k + 1] << 63; }
Word west(const Word* row, index_t k) { return row[k] << 1 | row[k - 1] >> 63; }

/// How many of four sets hold each bit, in the parts that the weights ask for.
struct Tally {
  Word zero, one, two, three;
};

Tally tally(Word a, Word b, Word c, Word d) {
  const Word ab_odd = a ^ b;
  const Word ab_both = a & b;
  const Word cd_odd = c ^ d;
  const Word cd_both = c & d;
  const Word odd = ab_odd ^ cd_odd;
  const Word two_of_pairs = ab_both ^ cd_both;  // exactly one pair is full
  return {~(a | b | c | d), odd & ~(ab_both | cd_both), (ab_odd & cd_odd) | (two_of_pairs & ~odd),
          odd & two_of_pairs};
}

/// Bits of one row's contour pixels by class.
struct ClassRows {
  Word* straight;
  Word* diagonal;
  Word* mixed;

  void classify(index_t k, Word contour, const Tally& sides, const Tally& corners) const {
    const Word few_corners = corners.zero | corners.one | corners.two;
    straight[k] = contour & (sides.two | sides.three) & few_corners;
    diagonal[k] = contour & ((sides.zero & corners.two) | (sides.one & corners.three));
    mixed[k] = contour & sides.one & (corners.one | corners.two);
  }
};

/// Set columns begin <= c < end of a row; nothing for an empty stretch.
void fill_bits(Word* row, std::int32_t begin, std::int32_t end) {
  if (begin >= end) return;
  const std::int32_t first = begin >> 6;
  const std::int32_t last = (end - 1) >> 6;
  const Word head = ~Word{0} << (begin & 63);
  const Word tail = ~Word{0} >> (63 - ((end - 1) & 63));
  if (first == last) {
    row[first] |= head & tail;
    return;
  }
  row[first] |= head;
  for (std::int32_t k = first + 1; k < last; ++k) row[k] = ~Word{0};
  row[last] |= tail;
}

/// Ones among columns begin <= c < end of three rows at once.
void count_bits(const ClassRows& rows, const Run& run, ContourCounts& counts) {
  const std::int32_t first = run.begin >> 6;
  const std::int32_t last = (run.end - 1) >> 6;
  for (std::int32_t k = first; k <= last; ++k) {
    Word inside = ~Word{0};
    if (k == first) inside = ~Word{0} << (run.begin & 63);
    if (k == last) inside &= ~Word{0} >> (63 - ((run.end - 1) & 63));
    counts.straight += std::popcount(rows.straight[k] & inside);
    counts.diagonal += std::popcount(rows.diagonal[k] & inside);
    counts.mixed += std::popcount(rows.mixed[k] & inside);
  }
}

/// A window of bit rows that slides down the image: one slot for each kind of row and each of the
/// three image rows around the current one.
class Window {
 public:
  Window(ContourScratch& scratch, index_t cols, int kinds)
      : words_((cols + 63) / 64), stride_(words_ + 2) {
    scratch.rows.assign(static_cast<std::size_t>(stride_ * kinds * 3), 0);
    origin_ = scratch.rows.data() + 1;
  }
  index_t words() const { return words_; }
  Word* row(int kind, index_t r) { return origin_ + (kind * 3 + (r + 3) % 3) * stride_; }
  Word* cleared(int kind, index_t r) {
    Word* words = row(kind, r);
    std::fill(words, words + words_, Word{0});
    return words;
  }

 private:
  index_t words_;
  index_t stride_;
  Word* origin_;
};

/// Regions that never touch: neighbours in the union of all regions are neighbours in one region.
class ApartRegions {
 public:
  static constexpr int kKinds = 3;  // pixels, contour, classes (a class a slot)
  ApartRegions(const Labelling& regions, ContourScratch& scratch)
      : regions_(regions), window_(scratch, regions.cols, kKinds) {}

  /// Pixels of row r, from its runs.
  void load(index_t r) {
    Word* pixels = window_.cleared(kPixels, r);
    if (r < 0 || r >= regions_.rows) return;
    for (index_t i = regions_.row_ptr[static_cast<std::size_t>(r)];
         i < regions_.row_ptr[static_cast<std::size_t>(r) + 1]; ++i) {
      const Run& run = regions_.runs[static_cast<std::size_t>(i)];
      if (regions_.label_of_run[static_cast<std::size_t>(i)] != 0) {
        fill_bits(pixels, run.begin, run.end);
      }
    }
  }

  void find_contour(index_t r) {
    const Word* above = window_.row(kPixels, r - 1);
    const Word* here = window_.row(kPixels, r);
    const Word* below = window_.row(kPixels, r + 1);
    Word* contour = window_.row(kContour, r);
    for (index_t k = 0; k < window_.words(); ++k) {
      contour[k] = here[k] & ~(above[k] & below[k] & east(here, k) & west(here, k));
    }
  }

  ClassRows classify(index_t r) {
    const Word* above = window_.row(kContour, r - 1);
    const Word* here = window_.row(kContour, r);
    const Word* below = window_.row(kContour, r + 1);
    const ClassRows classes{window_.row(kClasses, 0), window_.row(kClasses, 1),
                            window_.row(kClasses, 2)};
    for (index_t k = 0; k < window_.words(); ++k) {
      const Tally sides = tally(above[k], below[k], east(here, k), west(here, k));
      const Tally corners =
          tally(east(above, k), west(above, k), east(below, k), west(below, k));
      classes.classify(k, here[k], sides, corners);
    }
    return classes;
  }

 private:
  enum Kind { kPixels, kContour, kClasses };
  const Labelling& regions_;
  Window window_;
};

/// Any regions: for each pixel the window also holds whether its neighbours to the east, south
/// east, south and south west carry the same label.
class TouchingRegions {
 public:
  static constexpr int kKinds = 7;
  TouchingRegions(const Labelling& regions, ContourScratch& scratch)
      : regions_(regions), window_(scratch, regions.cols, kKinds) {}

  /// Pixels of row r, and the links between rows r - 1 and r.
  void load(index_t r) {
    Word* pixels = window_.cleared(kPixels, r);
    Word* same_east = window_.cleared(kEast, r);
    Word* same_south_east = window_.cleared(kSouthEast, r - 1);
    Word* same_south = window_.cleared(kSouth, r - 1);
    Word* same_south_west = window_.cleared(kSouthWest, r - 1);
    if (r < 0 || r >= regions_.rows) return;
    const Run* runs = regions_.runs.data();
    const label_t* labels = regions_.label_of_run.data();
    const index_t here = regions_.row_ptr[static_cast<std::size_t>(r)];
    const index_t here_end = regions_.row_ptr[static_cast<std::size_t>(r) + 1];
    index_t above = r == 0 ? 0 : regions_.row_ptr[static_cast<std::size_t>(r) - 1];
    for (index_t i = here; i < here_end; ++i) {
      const auto [row, begin, end] = runs[i];
      if (labels[i] == 0) continue;
      fill_bits(pixels, begin, end);
      fill_bits(same_east, begin, end - 1);
      while (above < here && runs[above].end < begin) ++above;
      for (index_t j = above; j < here && runs[j].begin <= end; ++j) {
        if (labels[j] != labels[i]) continue;
        const auto [row_above, from, to] = runs[j];
        fill_bits(same_south_east, std::max(from, begin - 1), std::min(to, end - 1));
        fill_bits(same_south, std::max(from, begin), std::min(to, end));
        fill_bits(same_south_west, std::max(from, begin + 1), std::min(to, end + 1));
      }
    }
  }

  void find_contour(index_t r) {
    const Word* pixels = window_.row(kPixels, r);
    const Word* same_east = window_.row(kEast, r);
    const Word* same_south = window_.row(kSouth, r);
    const Word* same_north = window_.row(kSouth, r - 1);
    Word* contour = window_.row(kContour, r);
    for (index_t k = 0; k < window_.words(); ++k) {
      contour[k] = pixels[k] & ~(same_east[k] & west(same_east, k) & same_south[k] & same_north[k]);
    }
  }

  ClassRows classify(index_t r) {
    const Word* above = window_.row(kContour, r - 1);
    const Word* here = window_.row(kContour, r);
    const Word* below = window_.row(kContour, r + 1);
    const Word* same_east = window_.row(kEast, r);
    const Word* south = window_.row(kSouth, r);
    const Word* south_east = window_.row(kSouthEast, r);
    const Word* south_west = window_.row(kSouthWest, r);
    const Word* north = window_.row(kSouth, r - 1);
    const Word* from_north_west = window_.row(kSouthEast, r - 1);
    const Word* from_north_east = window_.row(kSouthWest, r - 1);
    const ClassRows classes{window_.row(kClasses, 0), window_.row(kClasses, 1),
                            window_.row(kClasses, 2)};
    for (index_t k = 0; k < window_.words(); ++k) {
      const Word west_side = (here[k] & same_east[k]) << 1 |
                             (here[k - 1] & same_east[k - 1]) >> 63;
      const Tally sides = tally(above[k] & north[k], below[k] & south[k],
                                east(here, k) & same_east[k], west_side);
      const Word north_east = (above[k] & from_north_east[k]) >> 1 |
                              (above[k + 1] & from_north_east[k + 1]) << 63;
      const Word north_west = (above[k] & from_north_west[k]) << 1 |
                              (above[k - 1] & from_north_west[k - 1]) >> 63;
      const Tally corners = tally(north_east, north_west, east(below, k) & south_east[k],
                                  west(below, k) & south_west[k]);
      classes.classify(k, here[k], sides, corners);
    }
    return classes;
  }

 private:
  enum Kind { kPixels, kContour, kEast, kSouthEast, kSouth, kSouthWest, kClasses };
  const Labelling& regions_;
  Window window_;
};

template <class Regions>
void count_all(const Labelling& regions,
               std::span<ContourCounts> counts,
               ContourScratch& scratch) {
  Regions sweep(regions, scratch);
  for (index_t r = -2; r < regions.rows; ++r) {
    sweep.load(r + 2);
    if (r >= -1) sweep.find_contour(r + 1);
    if (r < 0) continue;
    const ClassRows classes = sweep.classify(r);
    for (index_t i = regions.row_ptr[static_cast<std::size_t>(r)];
         i < regions.row_ptr[static_cast<std::size_t>(r) + 1]; ++i) {
      const label_t label = regions.label_of_run[static_cast<std::size_t>(i)];
      if (label == 0) continue;
      count_bits(classes, regions.runs[static_cast<std::size_t>(i)],
                 counts[static_cast<std::size_t>(label) - 1]);
    }
  }
}

}  // namespace

void count_contours(const Labelling& regions,
                    std::span<ContourCounts> counts,
                    ContourScratch& scratch) {
  std::ranges::fill(counts, ContourCounts{});
  if (regions_touch(regions)) {
    count_all<TouchingRegions>(regions, counts, scratch);
  } else {
    count_all<ApartRegions>(regions, counts, scratch);
  }
}

double perimeter_px(const ContourCounts& counts) {
  return counts.straight + counts.diagonal * std::numbers::sqrt2 +
         counts.mixed * ((1.0 + std::numbers::sqrt2) / 2.0);
}

}  // namespace gftcore
