// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/nearest_point.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "../simd/nearest.hpp"
#include "gftcore/common/checks.hpp"
#include "nearest_in_component.hpp"

namespace gftcore {
namespace {

/// With more points than this the window of a 32-bit key is too narrow to be of use.
constexpr std::size_t kMaxKeyedPoints = std::size_t{1} << 24;

/// Finds a pixel's run in constant time: the number of runs that begin at or before it.
class RunFinder {
 public:
  RunFinder(const BitImage& image, const Labelling& components)
      : image_(image),
        components_(components),
        before_(static_cast<std::size_t>(image.used_words())) {}

  void enter_row(index_t r) {
    words_ = image_.row(r);
    index_t runs = components_.row_ptr[static_cast<std::size_t>(r)];
    for (index_t k = 0; k < image_.used_words(); ++k) {
      before_[static_cast<std::size_t>(k)] = runs;
      runs += std::popcount(begins(k));
    }
  }

  /// 0 on background.
  label_t component(index_t c) const {
    const index_t k = c >> 6;
    if (((words_[k] >> (c & 63)) & 1U) == 0) return 0;
    const std::uint64_t up_to_here = ~std::uint64_t{0} >> (63 - (c & 63));
    const index_t run =
        before_[static_cast<std::size_t>(k)] + std::popcount(begins(k) & up_to_here) - 1;
    return components_.label_of_run[static_cast<std::size_t>(run)];
  }

 private:
  std::uint64_t begins(index_t k) const {
    return words_[k] & ~(words_[k] << 1 | words_[k - 1] >> 63);
  }

  const BitImage& image_;
  const Labelling& components_;
  const std::uint64_t* words_ = nullptr;
  std::vector<index_t> before_;
};

void check_points(std::span<const std::int32_t> point_pixel, index_t size) {
  for (const std::int32_t pixel : point_pixel) {
    if (pixel >= 0 && pixel < size) continue;
    throw ValueError("point_pixel must hold raster indices below " + std::to_string(size) +
                     ", got " + std::to_string(pixel));
  }
}

/// Sort the points by row (ids ascending in each row) and drop those on background.
void place_points(const BitImage& vessels,
                  const Labelling& components,
                  std::span<const std::int32_t> point_pixel,
                  NearestScratch& scratch) {
  const auto cols = static_cast<std::int32_t>(vessels.cols());
  const auto rows = static_cast<std::size_t>(vessels.rows());
  scratch.site_ptr.assign(rows + 2, 0);
  scratch.site_col.resize(point_pixel.size());
  scratch.site_id.resize(point_pixel.size());
  scratch.component_of_point.resize(point_pixel.size());
  scratch.has_site.assign(static_cast<std::size_t>(components.count) + 1, 0);

  // Counts lie two entries late: filling then leaves every begin in its final place.
  index_t* ptr = scratch.site_ptr.data();
  for (const std::int32_t pixel : point_pixel) {
    const index_t r = pixel / cols;
    if (vessels.test(r, pixel % cols)) ++ptr[r + 2];
  }
  for (std::size_t r = 1; r <= rows; ++r) ptr[r + 1] += ptr[r];
  for (std::size_t id = 0; id < point_pixel.size(); ++id) {
    const index_t r = point_pixel[id] / cols;
    const std::int32_t c = point_pixel[id] % cols;
    scratch.component_of_point[id] = 0;
    if (!vessels.test(r, c)) continue;
    const auto at = static_cast<std::size_t>(ptr[r + 1]++);
    scratch.site_col[at] = c;
    scratch.site_id[at] = static_cast<std::int32_t>(id);
  }
  RunFinder finder(vessels, components);
  for (index_t r = 0; r < vessels.rows(); ++r) {
    if (ptr[r] == ptr[r + 1]) continue;
    finder.enter_row(r);
    for (auto i = static_cast<std::size_t>(ptr[r]); i < static_cast<std::size_t>(ptr[r + 1]); ++i) {
      const label_t component = finder.component(scratch.site_col[i]);
      scratch.component_of_point[static_cast<std::size_t>(scratch.site_id[i])] = component;
      scratch.has_site[static_cast<std::size_t>(component)] = 1;
    }
  }
}

void run_kernel(const simd::NearestJob& job, Target target) {
#if defined(__x86_64__)
  if (target == Target::avx512) return simd::nearest_avx512(job);
  if (target == Target::avx2) return simd::nearest_avx2(job);
#endif
  simd::nearest_scalar(job);
}

/// Nearest points whatever their component.
void search_windows(const BitImage& vessels,
                    std::size_t num_points,
                    ImageView<std::int32_t> out,
                    NearestScratch& scratch,
                    Target target) {
  const index_t padded = 64 * vessels.used_words();
  scratch.above.resize(static_cast<std::size_t>(vessels.rows() * padded));
  scratch.row.resize(static_cast<std::size_t>(3 * padded + 2 * simd::kNearestReach));
  const auto shift = static_cast<int>(std::bit_width(num_points - 1));
  const auto widest = static_cast<index_t>(simd::kNearestNone >> shift);
  int reach = simd::kNearestReach;
  while ((reach + 1) * (reach + 1) >= widest) --reach;
  run_kernel({.words = vessels.row(0),
              .word_stride = vessels.stride(),
              .rows = vessels.rows(),
              .cols = vessels.cols(),
              .padded = padded,
              .site_ptr = scratch.site_ptr.data(),
              .site_col = scratch.site_col.data(),
              .site_id = scratch.site_id.data(),
              .shift = shift,
              .reach = reach,
              .above = scratch.above.data(),
              .below = scratch.row.data(),
              .step = scratch.row.data() + padded,
              .merged = scratch.row.data() + 2 * padded,
              .out = out.data()},
             target);
}

void mark_all_unknown(const Labelling& components, ImageView<std::int32_t> out) {
  std::fill_n(out.data(), out.size(), simd::kNearestBackground);
  for (const Run& run : components.runs) {
    std::int32_t* row = out.row(run.row);
    std::fill(row + run.begin, row + run.end, simd::kNearestUnknown);
  }
}

/// Turn winners of another component into unknown pixels; true if the run then holds any.
bool reject_foreign(std::int32_t* begin,
                    std::int32_t* end,
                    label_t component,
                    const label_t* component_of_point) {
  bool open = false;
  for (std::int32_t* pixel = begin; pixel != end; ++pixel) {
    if (*pixel >= 0 && component_of_point[*pixel] == component) continue;
    *pixel = simd::kNearestUnknown;
    open = true;
  }
  return open;
}

void collect_open_runs(const Labelling& components,
                       ImageView<std::int32_t> out,
                       NearestScratch& scratch) {
  scratch.open_runs.clear();
  for (std::size_t i = 0; i < components.runs.size(); ++i) {
    const Run& run = components.runs[i];
    const label_t component = components.label_of_run[i];
    std::int32_t* row = out.row(run.row);
    if (scratch.has_site[static_cast<std::size_t>(component)] == 0) {
      std::fill(row + run.begin, row + run.end, simd::kNearestBackground);
    } else if (reject_foreign(row + run.begin, row + run.end, component,
                              scratch.component_of_point.data())) {
      scratch.open_runs.push_back(static_cast<std::int32_t>(i));
    }
  }
}

}  // namespace

void nearest_point(const BitImage& vessels,
                   const Labelling& components,
                   std::span<const std::int32_t> point_pixel,
                   ImageView<std::int32_t> out,
                   NearestScratch& scratch,
                   Target target) {
  require_supported_size(vessels.rows(), vessels.cols(), "vessels");
  require_same_shape(vessels, "vessels", out, "out");
  const ImageView<const label_t> labelled(nullptr, components.rows, components.cols);
  require_same_shape(vessels, "vessels", labelled, "components");
  check_points(point_pixel, out.size());
  if (point_pixel.empty()) {
    std::fill_n(out.data(), out.size(), simd::kNearestBackground);
    return;
  }
  place_points(vessels, components, point_pixel, scratch);
  if (point_pixel.size() <= kMaxKeyedPoints) {
    search_windows(vessels, point_pixel.size(), out, scratch, target);
  } else {
    mark_all_unknown(components, out);
  }
  collect_open_runs(components, out, scratch);
  if (!scratch.open_runs.empty()) finish_open_runs(components, point_pixel, out, scratch);
}

}  // namespace gftcore
