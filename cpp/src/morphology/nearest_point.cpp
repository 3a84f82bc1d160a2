// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/nearest_point.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "../simd/nearest.hpp"
#include "gftcore/common/checks.hpp"
#include "gftcore/common/divider.hpp"
#include "gftcore/common/resize_exactly.hpp"
#include "nearest_in_component.hpp"
#include "run_words.hpp"

namespace gftcore {
namespace {

/// With more points than this the window of a 32-bit key is too narrow to be of use.
constexpr std::size_t kMaxKeyedPoints = std::size_t{1} << 23;

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

/// A component that most pixels belong to, if there is one: it has most pixels in some of the rows.
label_t main_component(const Labelling& components, NearestScratch& scratch) {
  constexpr index_t kRowStep = 8;
  scratch.area_px.assign(static_cast<std::size_t>(components.count) + 1, 0);
  for (index_t r = 0; r < components.rows; r += kRowStep) {
    const auto end = static_cast<std::size_t>(components.row_ptr[static_cast<std::size_t>(r) + 1]);
    for (auto i = static_cast<std::size_t>(components.row_ptr[static_cast<std::size_t>(r)]);
         i < end;
         ++i) {
      scratch.area_px[static_cast<std::size_t>(components.label_of_run[i])] +=
          components.runs[i].end - components.runs[i].begin;
    }
  }
  return static_cast<label_t>(std::ranges::max_element(scratch.area_px) - scratch.area_px.begin());
}

void draw_foreign(const Labelling& components, label_t main, BitImage& out) {
  out.reset(components.rows, components.cols);
  for (std::size_t i = 0; i < components.runs.size(); ++i) {
    if (components.label_of_run[i] == main) continue;
    const Run& run = components.runs[i];
    std::uint64_t* words = out.row(run.row);
    for_each_word(run, [&](index_t k, std::uint64_t bits) { words[k] |= bits; });
  }
}

/// Each point's component (0 on background), and the number of sites of each row.
void find_components(const BitImage& vessels,
                     const Labelling& components,
                     label_t main,
                     std::span<const std::int32_t> point_pixel,
                     NearestScratch& scratch) {
  const Divider row_of(vessels.cols());
  std::int64_t* const row_ptr = scratch.site_ptr.data();
  label_t* const component_of_point = scratch.component_of_point.data();
  for (std::size_t id = 0; id < point_pixel.size(); ++id) {
    const index_t r = row_of(point_pixel[id]);
    const index_t c = point_pixel[id] - r * vessels.cols();
    label_t component = main;
    if (!vessels.test(r, c)) {
      component = 0;
    } else {
      if (scratch.foreign.test(r, c)) component = component_of_vessel(components, r, c);
      ++row_ptr[r + 2];  // two entries late: placing then leaves every begin where it belongs
      scratch.has_site[static_cast<std::size_t>(component)] = 1;
    }
    component_of_point[id] = component;
  }
}

/// Sort the points by row (ids ascending in each row) and drop those on background.
void place_points(const BitImage& vessels,
                  const Labelling& components,
                  label_t main,
                  std::span<const std::int32_t> point_pixel,
                  NearestScratch& scratch) {
  scratch.site_ptr.assign(static_cast<std::size_t>(vessels.rows()) + 2, 0);
  resize_exactly(scratch.component_of_point, std::ssize(point_pixel));
  scratch.has_site.assign(static_cast<std::size_t>(components.count) + 1, 0);
  find_components(vessels, components, main, point_pixel, scratch);

  std::int64_t* const row_ptr = scratch.site_ptr.data();
  for (index_t r = 1; r <= vessels.rows(); ++r) row_ptr[r + 1] += row_ptr[r];
  auto* const sites = scratch.sites.request<simd::NearestSite>(std::ssize(point_pixel));
  const Divider row_of(vessels.cols());
  for (std::size_t id = 0; id < point_pixel.size(); ++id) {
    const label_t component = scratch.component_of_point[id];
    if (component == 0) continue;
    const index_t r = row_of(point_pixel[id]);
    sites[row_ptr[r + 1]++] = {static_cast<std::int32_t>(point_pixel[id] - r * vessels.cols()),
                               2 * static_cast<std::uint32_t>(id) + (component == main ? 0 : 1)};
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
  const index_t band = std::min(vessels.rows(), index_t{simd::kNearestBand}) * padded;
  auto* keys =
      scratch.keys.request<std::uint32_t>(band + 4 * padded + index_t{2} * simd::kNearestReach);
  scratch.doubtful.reset(vessels.rows(), vessels.cols());
  const auto shift = static_cast<int>(std::bit_width(2 * num_points - 1));
  const auto widest = static_cast<index_t>(simd::kNearestNone >> shift);
  index_t reach = simd::kNearestReach;
  while ((reach + 1) * (reach + 1) >= widest) --reach;
  run_kernel({.words = vessels.row(0),
              .word_stride = vessels.stride(),
              .rows = vessels.rows(),
              .cols = vessels.cols(),
              .padded = padded,
              .site_ptr = scratch.site_ptr.data(),
              .sites = scratch.sites.data<simd::NearestSite>(),
              .shift = shift,
              .reach = static_cast<int>(reach),
              .above = keys,
              .above_step = keys + band,
              .below = keys + band + padded,
              .below_step = keys + band + 2 * padded,
              .merged = keys + band + 3 * padded,
              .doubtful = scratch.doubtful.row(0),
              .out = out.data()},
             target);
}

void mark_all_unknown(const BitImage& vessels,
                      const Labelling& components,
                      ImageView<std::int32_t> out,
                      NearestScratch& scratch) {
  scratch.doubtful = vessels;
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

bool has_one(const std::uint64_t* words, const Run& run) {
  std::uint64_t found = 0;
  for_each_word(run, [&](index_t k, std::uint64_t bits) { found |= words[k] & bits; });
  return found != 0;
}

/// A run of the main component is settled unless it has a doubtful pixel; the others are few.
void collect_open_runs(const Labelling& components,
                       label_t main,
                       ImageView<std::int32_t> out,
                       NearestScratch& scratch) {
  scratch.open_runs.clear();
  for (index_t r = 0; r < components.rows; ++r) {
    const std::uint64_t* foreign = scratch.foreign.row(r);
    const std::uint64_t* doubtful = scratch.doubtful.row(r);
    std::uint64_t any = 0;
    for (index_t k = 0; k < scratch.foreign.used_words(); ++k) any |= foreign[k] | doubtful[k];
    if (any == 0) continue;
    const auto end = static_cast<std::size_t>(components.row_ptr[static_cast<std::size_t>(r) + 1]);
    for (auto i = static_cast<std::size_t>(components.row_ptr[static_cast<std::size_t>(r)]);
         i < end;
         ++i) {
      const Run& run = components.runs[i];
      const label_t component = components.label_of_run[i];
      if (component == main && !has_one(doubtful, run)) continue;
      std::int32_t* const begin = out.row(r) + run.begin;
      std::int32_t* const after = out.row(r) + run.end;
      if (scratch.has_site[static_cast<std::size_t>(component)] == 0) {
        std::fill(begin, after, simd::kNearestBackground);
      } else if (reject_foreign(begin, after, component, scratch.component_of_point.data())) {
        scratch.open_runs.push_back(static_cast<std::int32_t>(i));
      }
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
  if (point_pixel.empty() || components.runs.empty()) {
    std::fill_n(out.data(), out.size(), simd::kNearestBackground);
    return;
  }
  const label_t main = main_component(components, scratch);
  draw_foreign(components, main, scratch.foreign);
  place_points(vessels, components, main, point_pixel, scratch);
  if (point_pixel.size() <= kMaxKeyedPoints) {
    search_windows(vessels, point_pixel.size(), out, scratch, target);
  } else {
    mark_all_unknown(vessels, components, out, scratch);
  }
  collect_open_runs(components, main, out, scratch);
  if (!scratch.open_runs.empty()) finish_open_runs(components, point_pixel, out, scratch);
}

}  // namespace gftcore
