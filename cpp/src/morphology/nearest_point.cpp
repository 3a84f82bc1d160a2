// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/nearest_point.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <string>

#include "../simd/nearest.hpp"
#include "gftcore/common/checks.hpp"
#include "nearest_in_component.hpp"

namespace gftcore {
namespace {

/// With more points than this the window of a 32-bit key is too narrow to be of use.
constexpr std::size_t kMaxKeyedPoints = std::size_t{1} << 24;

/// Row of a raster index, by multiplication. Exact for sides of at most kMaxSide: the factor's
/// error is below 1, and pixel * cols < 2^45.
class RowOfPixel {
 public:
  explicit RowOfPixel(index_t cols) : factor_((index_t{1} << kShift) / cols + 1) {}
  index_t operator()(std::int32_t pixel) const { return (pixel * factor_) >> kShift; }

 private:
  static constexpr int kShift = 46;
  index_t factor_;
};

void check_points(std::span<const std::int32_t> point_pixel, index_t size) {
  for (const std::int32_t pixel : point_pixel) {
    if (pixel >= 0 && pixel < size) continue;
    throw ValueError("point_pixel must hold raster indices below " + std::to_string(size) +
                     ", got " + std::to_string(pixel));
  }
}

label_t component_of_vessel(const Labelling& components, index_t r, index_t c) {
  const auto first = components.runs.begin() + components.row_ptr[static_cast<std::size_t>(r)];
  const auto last = components.runs.begin() + components.row_ptr[static_cast<std::size_t>(r) + 1];
  const auto next =
      std::upper_bound(first, last, c, [](index_t col, const Run& run) { return col < run.begin; });
  return components.label_of_run[static_cast<std::size_t>(next - components.runs.begin()) - 1];
}

/// Each point's component (0 on background), and the number of sites by row and component.
void find_components(const BitImage& vessels,
                     const Labelling& components,
                     std::span<const std::int32_t> point_pixel,
                     NearestScratch& scratch) {
  const RowOfPixel row_of(vessels.cols());
  index_t last_r = -2;
  index_t last_c = -2;
  label_t component = 0;
  for (std::size_t id = 0; id < point_pixel.size(); ++id) {
    const index_t r = row_of(point_pixel[id]);
    const index_t c = point_pixel[id] - r * vessels.cols();
    if (!vessels.test(r, c)) {
      scratch.component_of_point[id] = 0;
      continue;
    }
    // Points mostly come as chains, and pixels that touch share their component.
    if (std::abs(r - last_r) > 1 || std::abs(c - last_c) > 1) {
      component = component_of_vessel(components, r, c);
    }
    last_r = r;
    last_c = c;
    scratch.component_of_point[id] = component;
    ++scratch.sites_of_component[static_cast<std::size_t>(component)];
    ++scratch.site_ptr[static_cast<std::size_t>(r) + 2];
  }
}

/// Sort the points by row (ids ascending in each row) and drop those on background.
void place_points(const BitImage& vessels,
                  const Labelling& components,
                  std::span<const std::int32_t> point_pixel,
                  NearestScratch& scratch) {
  const auto rows = static_cast<std::size_t>(vessels.rows());
  scratch.site_ptr.assign(rows + 2, 0);
  scratch.site_col.resize(point_pixel.size());
  scratch.site_id.resize(point_pixel.size());
  scratch.component_of_point.resize(point_pixel.size());
  scratch.sites_of_component.assign(static_cast<std::size_t>(components.count) + 1, 0);
  find_components(vessels, components, point_pixel, scratch);

  // The counts lie two entries late: placing then leaves every begin where it belongs.
  index_t* ptr = scratch.site_ptr.data();
  for (std::size_t r = 1; r <= rows; ++r) ptr[r + 1] += ptr[r];
  const RowOfPixel row_of(vessels.cols());
  for (std::size_t id = 0; id < point_pixel.size(); ++id) {
    if (scratch.component_of_point[id] == 0) continue;
    const index_t r = row_of(point_pixel[id]);
    const auto at = static_cast<std::size_t>(ptr[r + 1]++);
    scratch.site_col[at] = static_cast<std::int32_t>(point_pixel[id] - r * vessels.cols());
    scratch.site_id[at] = static_cast<std::int32_t>(id);
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
  std::uint32_t* row = scratch.row.request(3 * padded + index_t{2} * simd::kNearestReach);
  scratch.open_row.resize(static_cast<std::size_t>(vessels.rows()));
  const auto shift = static_cast<int>(std::bit_width(num_points - 1));
  const auto widest = static_cast<index_t>(simd::kNearestNone >> shift);
  index_t reach = simd::kNearestReach;
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
              .reach = static_cast<int>(reach),
              .above = scratch.above.request(vessels.rows() * padded),
              .below = row,
              .step = row + padded,
              .merged = row + 2 * padded,
              .open_row = scratch.open_row.data(),
              .out = out.data()},
             target);
}

void mark_all_unknown(const Labelling& components,
                      ImageView<std::int32_t> out,
                      NearestScratch& scratch) {
  scratch.open_row.assign(static_cast<std::size_t>(out.rows()), 1);
  std::fill_n(out.data(), out.size(), simd::kNearestBackground);
  for (const Run& run : components.runs) {
    std::int32_t* row = out.row(run.row);
    std::fill(row + run.begin, row + run.end, simd::kNearestUnknown);
  }
}

/// Tells which runs of the component with most sites no other component's site can have reached;
/// in vessel networks that is nearly all of them.
class ForeignTiles {
 public:
  ForeignTiles(const BitImage& vessels, NearestScratch& scratch)
      : tile_cols_((vessels.cols() >> kShift) + 1), tiles_(scratch.foreign_tile) {
    const auto& sites = scratch.sites_of_component;
    largest_ = static_cast<label_t>(std::ranges::max_element(sites) - sites.begin());
    tiles_.assign(static_cast<std::size_t>(((vessels.rows() >> kShift) + 1) * tile_cols_), 0);
    for (index_t r = 0; r < vessels.rows(); ++r) {
      const auto end = static_cast<std::size_t>(scratch.site_ptr[static_cast<std::size_t>(r) + 1]);
      for (auto i = static_cast<std::size_t>(scratch.site_ptr[static_cast<std::size_t>(r)]);
           i < end;
           ++i) {
        const auto id = static_cast<std::size_t>(scratch.site_id[i]);
        if (scratch.component_of_point[id] == largest_) continue;
        mark(r, scratch.site_col[i], vessels.rows(), vessels.cols());
      }
    }
  }

  bool is_safe(const Run& run, label_t component) const {
    if (component != largest_) return false;
    const std::uint8_t* row = tiles_.data() + (run.row >> kShift) * tile_cols_;
    std::uint8_t reached = 0;
    for (index_t t = run.begin >> kShift; t <= (run.end - 1) >> kShift; ++t) reached |= row[t];
    return reached == 0;
  }

 private:
  static constexpr int kShift = 6;

  void mark(index_t r, index_t c, index_t rows, index_t cols) {
    constexpr index_t kFar = simd::kNearestReach + 1;
    const index_t last_row = std::min(r + kFar, rows - 1) >> kShift;
    const index_t last_col = std::min(c + kFar, cols - 1) >> kShift;
    for (index_t i = std::max(r - kFar, index_t{0}) >> kShift; i <= last_row; ++i) {
      for (index_t j = std::max(c - kFar, index_t{0}) >> kShift; j <= last_col; ++j) {
        tiles_[static_cast<std::size_t>(i * tile_cols_ + j)] = 1;
      }
    }
  }

  index_t tile_cols_;
  label_t largest_;
  std::vector<std::uint8_t>& tiles_;
};

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

void collect_open_runs(const BitImage& vessels,
                       const Labelling& components,
                       ImageView<std::int32_t> out,
                       NearestScratch& scratch) {
  scratch.open_runs.clear();
  const ForeignTiles tiles(vessels, scratch);
  for (std::size_t i = 0; i < components.runs.size(); ++i) {
    const Run& run = components.runs[i];
    const label_t component = components.label_of_run[i];
    const bool row_is_open = scratch.open_row[static_cast<std::size_t>(run.row)] != 0;
    if (!row_is_open && tiles.is_safe(run, component)) continue;
    std::int32_t* row = out.row(run.row);
    if (scratch.sites_of_component[static_cast<std::size_t>(component)] == 0) {
      std::fill(row + run.begin, row + run.end, simd::kNearestBackground);
    } else if (reject_foreign(
                   row + run.begin, row + run.end, component, scratch.component_of_point.data())) {
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
    mark_all_unknown(components, out, scratch);
  }
  collect_open_runs(vessels, components, out, scratch);
  if (!scratch.open_runs.empty()) finish_open_runs(components, point_pixel, out, scratch);
}

}  // namespace gftcore
