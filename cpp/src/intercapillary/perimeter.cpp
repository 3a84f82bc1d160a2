// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/perimeter.hpp"

#include <algorithm>
#include <numbers>
#include <utility>

#include "gftcore/intercapillary/region_runs.hpp"
#include "simd/contour.hpp"

namespace gftcore {
namespace {

using Word = std::uint64_t;

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

/// Bit rows that slide down the image: three rows of each kind around the current one.
class Window {
 public:
  enum Kind { kPixels, kContour, kEast, kSouthEast, kSouth, kSouthWest, kClasses, kKinds };

  Window(ContourScratch& scratch, index_t cols) : words_((cols + 63) / 64), stride_(words_ + 2) {
    scratch.rows.assign(static_cast<std::size_t>(stride_ * index_t{kKinds} * 3), 0);
    origin_ = scratch.rows.data() + 1;
  }
  index_t words() const { return words_; }
  Word* row(Kind kind, index_t r) { return origin_ + (index_t{kind} * 3 + (r + 3) % 3) * stride_; }
  Word* cleared(Kind kind, index_t r) {
    Word* words = row(kind, r);
    std::fill(words, words + words_, Word{0});
    return words;
  }

 private:
  index_t words_;
  index_t stride_;
  Word* origin_;
};

/// Runs of row r; none outside the image.
std::pair<index_t, index_t> runs_of_row(const Labelling& regions, index_t r) {
  if (r < 0 || r >= regions.rows) return {0, 0};
  return {regions.row_ptr[static_cast<std::size_t>(r)],
          regions.row_ptr[static_cast<std::size_t>(r) + 1]};
}

void load_pixels(const Labelling& regions, index_t r, Window& window) {
  Word* pixels = window.cleared(Window::kPixels, r);
  const auto [begin, end] = runs_of_row(regions, r);
  const Run* runs = regions.runs.data();
  for (index_t i = begin; i < end; ++i) {
    if (regions.label_of_run[static_cast<std::size_t>(i)] == 0) continue;
    fill_bits(pixels, runs[i].begin, runs[i].end);
  }
}

/// Which pixels of row r share their label with the next one, and which ones of row r - 1 with
/// their neighbours in row r.
void load_links(const Labelling& regions, index_t r, Window& window) {
  Word* east = window.cleared(Window::kEast, r);
  Word* south_east = window.cleared(Window::kSouthEast, r - 1);
  Word* south = window.cleared(Window::kSouth, r - 1);
  Word* south_west = window.cleared(Window::kSouthWest, r - 1);
  auto [above, above_end] = runs_of_row(regions, r - 1);
  const auto [here, here_end] = runs_of_row(regions, r);
  const Run* runs = regions.runs.data();
  const label_t* labels = regions.label_of_run.data();
  for (index_t i = here; i < here_end; ++i) {
    if (labels[i] == 0) continue;
    const std::int32_t begin = runs[i].begin;
    const std::int32_t end = runs[i].end;
    fill_bits(east, begin, end - 1);
    while (above < above_end && runs[above].end < begin) ++above;
    for (index_t j = above; j < above_end && runs[j].begin <= end; ++j) {
      if (labels[j] != labels[i]) continue;
      fill_bits(south_east, std::max(runs[j].begin, begin - 1), std::min(runs[j].end, end - 1));
      fill_bits(south, std::max(runs[j].begin, begin), std::min(runs[j].end, end));
      fill_bits(south_west, std::max(runs[j].begin, begin + 1), std::min(runs[j].end, end + 1));
    }
  }
}

using Kernel = void (*)(const simd::ContourJob&);

Kernel kernel_for([[maybe_unused]] Target target) {
#if defined(__x86_64__)
  if (target == Target::avx512) return simd::contour_row_avx512;
  if (target == Target::avx2) return simd::contour_row_avx2;
#endif
  return simd::contour_row_scalar;
}

void point_at_row(Window& window, index_t r, simd::ContourJob& job) {
  for (index_t i = 0; i < 3; ++i) {
    job.pixels[i] = window.row(Window::kPixels, r + i);
    job.contour[i] = window.row(Window::kContour, r - 1 + i);
    job.south[i] = window.row(Window::kSouth, r - 1 + i);
    job.classes[i] = window.row(Window::kClasses, i);
  }
  for (index_t i = 0; i < 2; ++i) {
    job.east[i] = window.row(Window::kEast, r + i);
    job.south_east[i] = window.row(Window::kSouthEast, r - 1 + i);
    job.south_west[i] = window.row(Window::kSouthWest, r - 1 + i);
  }
}

}  // namespace

void count_contours(const Labelling& regions,
                    Contact contact,
                    std::span<ContourCounts> counts,
                    ContourScratch& scratch,
                    Target target) {
  static_assert(sizeof(Run) == 3 * sizeof(std::int32_t));
  static_assert(sizeof(ContourCounts) == 3 * sizeof(std::int32_t));
  std::ranges::fill(counts, ContourCounts{});
  if (counts.empty()) return;
  const Kernel kernel = kernel_for(target);
  Window window(scratch, regions.cols);
  simd::ContourJob job{};
  job.words = window.words();
  job.linked = contact == Contact::possible && regions_touch(regions);
  job.sums = &counts.front().straight;
  const auto load = [&](index_t r) {
    load_pixels(regions, r, window);
    if (job.linked) load_links(regions, r, window);
  };
  load(0);
  for (index_t r = -1; r < regions.rows; ++r) {
    load(r + 2);
    point_at_row(window, r, job);
    const auto [begin, end] = runs_of_row(regions, r);
    job.num_runs = end - begin;
    if (job.num_runs > 0) {
      job.runs = &regions.runs[static_cast<std::size_t>(begin)].row;
      job.labels = regions.label_of_run.data() + begin;
    }
    kernel(job);
  }
}

double perimeter_px(const ContourCounts& counts) {
  return counts.straight + counts.diagonal * std::numbers::sqrt2 +
         counts.mixed * ((1.0 + std::numbers::sqrt2) / 2.0);
}

}  // namespace gftcore
