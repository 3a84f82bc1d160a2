// SPDX-License-Identifier: Apache-2.0
#include "nearest_in_component.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "../simd/nearest.hpp"
#include "gftcore/common/divider.hpp"
#include "row_envelope.hpp"

namespace gftcore {
namespace {

constexpr std::int64_t kFarKey = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t kNoSite = 0xffffffff;

/// Squared distance above id: the smallest is the nearest site, the lowest id among equals.
std::int64_t key(std::int64_t row_gap, std::int64_t col_gap, std::int32_t id) {
  return (row_gap * row_gap + col_gap * col_gap) << 32 | id;
}

std::int32_t id_of(std::int64_t key) { return static_cast<std::int32_t>(key & 0x7fffffff); }

/// Group indices by component, their order kept: after it, those of component k are
/// sorted[ptr[k] .. ptr[k + 1]).
template <class Visit>
void group(std::vector<index_t>& ptr,
           std::vector<std::int32_t>& sorted,
           std::size_t components,
           Visit for_each) {
  ptr.assign(components + 3, 0);
  for_each(
      [&](label_t component, std::int32_t) { ++ptr[static_cast<std::size_t>(component) + 2]; });
  for (std::size_t k = 1; k < ptr.size(); ++k) ptr[k] += ptr[k - 1];
  sorted.resize(static_cast<std::size_t>(ptr.back()));
  for_each([&](label_t component, std::int32_t index) {
    sorted[static_cast<std::size_t>(ptr[static_cast<std::size_t>(component) + 1]++)] = index;
  });
}

/// The sites and undecided pixels of one component.
class ComponentSearch {
 public:
  ComponentSearch(std::span<const std::int32_t> points,
                  std::span<const std::int32_t> point_pixel,
                  ImageView<std::int32_t> out,
                  NearestScratch& scratch)
      : points_(points), point_pixel_(point_pixel), out_(out), scratch_(scratch) {
    first_row_ = row_of(points.front());
    last_row_ = row_of(points.back());
    first_col_ = last_col_ = col_of(points.front());
    scratch.row_ptr.assign(static_cast<std::size_t>(last_row_ - first_row_) + 2, 0);
    for (const std::int32_t id : points) {
      ++scratch.row_ptr[static_cast<std::size_t>(row_of(id) - first_row_) + 1];
      first_col_ = std::min(first_col_, col_of(id));
      last_col_ = std::max(last_col_, col_of(id));
    }
    for (std::size_t r = 1; r < scratch.row_ptr.size(); ++r) {
      scratch.row_ptr[r] += scratch.row_ptr[r - 1];
    }
  }

  void finish(std::span<const std::int32_t> open_runs, const std::vector<Run>& runs) {
    const Run& first = runs[static_cast<std::size_t>(open_runs.front())];
    const Run& last = runs[static_cast<std::size_t>(open_runs.back())];
    const index_t height =
        std::max<index_t>(last.row, last_row_) - std::min<index_t>(first.row, first_row_) + 1;
    // Row after row outwards is best while the sites are near. Its cost is bounded by that of the
    // transform, which is then started anew on what is left.
    std::int64_t budget = 64 + height * (last_col_ - first_col_ + 1) / 4;
    for (std::size_t i = 0; i < open_runs.size(); ++i) {
      const Run& run = runs[static_cast<std::size_t>(open_runs[i])];
      std::int32_t* row = out_.row(run.row);
      for (index_t c = run.begin; c < run.end && budget >= 0; ++c) {
        if (row[c] == simd::kNearestUnknown) row[c] = search(run.row, c, budget);
      }
      if (budget < 0) return transform(open_runs.subspan(i), runs);
    }
  }

 private:
  index_t row_of(std::int32_t id) const { return pixel(id) / out_.cols(); }
  index_t col_of(std::int32_t id) const { return pixel(id) % out_.cols(); }
  index_t pixel(std::int32_t id) const { return point_pixel_[static_cast<std::size_t>(id)]; }

  std::span<const std::int32_t> sites_of_row(index_t r) const {
    if (r < first_row_ || r > last_row_) return {};
    const auto k = static_cast<std::size_t>(r - first_row_);
    const index_t begin = scratch_.row_ptr[k];
    return points_.subspan(static_cast<std::size_t>(begin),
                           static_cast<std::size_t>(scratch_.row_ptr[k + 1] - begin));
  }

  /// Smallest key of the sites of row r, seen from column c and row_gap rows away.
  std::int64_t nearest_of_row(index_t r, index_t c, index_t row_gap) const {
    const auto sites = sites_of_row(r);
    const auto right =
        std::ranges::lower_bound(sites, c, {}, [this](std::int32_t id) { return col_of(id); });
    std::int64_t best = kFarKey;
    if (right != sites.end()) best = key(row_gap, col_of(*right) - c, *right);
    if (right != sites.begin()) {
      best = std::min(best, key(row_gap, col_of(*(right - 1)) - c, *(right - 1)));
    }
    return best;
  }

  std::int32_t search(index_t r, index_t c, std::int64_t& budget) const {
    std::int64_t best = kFarKey;
    const index_t nearest_row = std::clamp(r, first_row_, last_row_);
    for (index_t gap = std::abs(r - nearest_row); key(gap, 0, 0) < best; ++gap) {
      if (r - gap < first_row_ && r + gap > last_row_) break;
      best = std::min(best, nearest_of_row(r - gap, c, gap));
      if (gap > 0) best = std::min(best, nearest_of_row(r + gap, c, gap));
      --budget;
    }
    return id_of(best);
  }

  /// Exact transform of the component's sites, in time linear in the box around them and the runs.
  void transform(std::span<const std::int32_t> open_runs, const std::vector<Run>& runs) {
    if (open_runs.empty()) return;
    const index_t width = last_col_ - first_col_ + 1;
    const index_t from = runs[static_cast<std::size_t>(open_runs.front())].row;
    const index_t to = runs[static_cast<std::size_t>(open_runs.back())].row;
    // One row more: the state of the column pass.
    auto* rows_above = scratch_.keys.request<std::uint32_t>((to - from + 2) * width);
    std::uint32_t* state = rows_above + (to - from + 1) * width;
    std::fill_n(state, width, kNoSite);
    for (index_t r = std::min(from, first_row_); r <= to; ++r) {
      place(r, state);
      if (r >= from) std::copy_n(state, width, rows_above + (r - from) * width);
    }
    std::fill_n(state, width, kNoSite);
    std::size_t left = open_runs.size();
    for (index_t r = std::max(to, last_row_); r >= from; --r) {
      place(r, state);
      const std::size_t end = left;
      while (left > 0 && runs[static_cast<std::size_t>(open_runs[left - 1])].row == r) --left;
      if (left == end) continue;
      const std::uint32_t* above = rows_above + (r - from) * width;
      finish_row(r, above, state, open_runs.subspan(left, end - left), runs);
    }
  }

  void place(index_t r, std::uint32_t* state) const {
    for (const std::int32_t id : sites_of_row(r)) {
      state[col_of(id) - first_col_] = static_cast<std::uint32_t>(id);
    }
  }

  void finish_row(index_t r,
                  const std::uint32_t* above,
                  const std::uint32_t* below,
                  std::span<const std::int32_t> open_runs,
                  const std::vector<Run>& runs) {
    const index_t width = last_col_ - first_col_ + 1;
    auto* memory = scratch_.envelope.request<std::int64_t>(RowEnvelope<32>::kEntries * width);
    RowEnvelope<32> envelope(memory, width);
    for (index_t k = 0; k < width; ++k) {
      const std::int64_t best = std::min(key_at(r, above[k]), key_at(r, below[k]));
      if (best != kFarKey) envelope.add(first_col_ + k, best);
    }
    std::int32_t* row = out_.row(r);
    for (const std::int32_t i : open_runs) {
      const Run& run = runs[static_cast<std::size_t>(i)];
      for (index_t c = run.begin; c < run.end; ++c) {
        if (row[c] == simd::kNearestUnknown) row[c] = id_of(envelope.at(c));
      }
    }
  }

  std::int64_t key_at(index_t r, std::uint32_t site) const {
    if (site == kNoSite) return kFarKey;
    const auto id = static_cast<std::int32_t>(site);
    return key(r - row_of(id), 0, id);
  }

  std::span<const std::int32_t> points_;  // ids by row, then column; one a pixel
  std::span<const std::int32_t> point_pixel_;
  ImageView<std::int32_t> out_;
  NearestScratch& scratch_;
  index_t first_row_;
  index_t last_row_;
  index_t first_col_;
  index_t last_col_;
};

/// Order each row's sites by column, keep the lowest id of each pixel, and pass on those of
/// components with open runs.
template <class Take>
void for_each_site(NearestScratch& scratch, std::span<const std::int32_t> point_pixel, Take take) {
  const auto pixel = [&](std::int32_t id) { return point_pixel[static_cast<std::size_t>(id)]; };
  const auto* const sites = scratch.sites.data<simd::NearestSite>();
  std::vector<std::int32_t> ids;
  for (std::size_t r = 0; r + 2 < scratch.site_ptr.size(); ++r) {
    ids.clear();
    for (std::int64_t i = scratch.site_ptr[r]; i < scratch.site_ptr[r + 1]; ++i) {
      ids.push_back(static_cast<std::int32_t>(sites[i].tag >> 1));
    }
    const auto before = [&](std::int32_t a, std::int32_t b) {
      return pixel(a) != pixel(b) ? pixel(a) < pixel(b) : a < b;
    };
    std::sort(ids.begin(), ids.end(), before);
    for (auto site = ids.begin(); site != ids.end(); ++site) {
      if (site != ids.begin() && pixel(*site) == pixel(*(site - 1))) continue;
      const label_t component = scratch.component_of_point[static_cast<std::size_t>(*site)];
      const auto k = static_cast<std::size_t>(component);
      if (scratch.open_ptr[k] != scratch.open_ptr[k + 1]) take(component, *site);
    }
  }
}

/// Decides pixels one by one from the unordered sites of the rows around them: no preparation,
/// best for the few pixels that lie beside another component of a vessel network.
class RowScan {
 public:
  RowScan(const NearestScratch& scratch,
          std::span<const std::int32_t> point_pixel,
          index_t rows,
          index_t cols,
          std::int64_t budget)
      : scratch_(scratch),
        point_pixel_(point_pixel),
        row_of_(cols),
        rows_(rows),
        cols_(cols),
        budget_(budget) {}

  bool exhausted() const { return budget_ < 0; }

  /// `near` is a site of the component, or negative: the search need not go beyond it.
  std::int32_t search(index_t r, index_t c, label_t component, std::int32_t near) {
    std::int64_t best = kFarKey;
    if (near >= 0) {
      const index_t pixel = point_pixel_[static_cast<std::size_t>(near)];
      const index_t row = row_of_(pixel);
      best = key(row - r, pixel - row * cols_ - c, near);
    }
    for (index_t gap = 0; key(gap, 0, 0) < best && gap < rows_; ++gap) {
      if (r - gap >= 0) best = nearest_of_row(r - gap, c, gap, component, best);
      if (gap > 0 && r + gap < rows_) best = nearest_of_row(r + gap, c, gap, component, best);
    }
    return id_of(best);
  }

 private:
  std::int64_t nearest_of_row(
      index_t r, index_t c, index_t gap, label_t component, std::int64_t best) {
    // Most sites lie too far to the side: they are told by one comparison.
    std::int32_t widest = widest_gap(best, gap);
    const auto col = static_cast<std::int32_t>(c);
    const auto* const sites = scratch_.sites.data<simd::NearestSite>();
    const auto begin = static_cast<std::size_t>(scratch_.site_ptr[static_cast<std::size_t>(r)]);
    const auto end = static_cast<std::size_t>(scratch_.site_ptr[static_cast<std::size_t>(r) + 1]);
    for (std::size_t i = begin; i < end; ++i) {
      const std::int32_t across = sites[i].col - col;
      if (std::abs(across) > widest) continue;
      const auto id = static_cast<std::int32_t>(sites[i].tag >> 1);
      if (scratch_.component_of_point[static_cast<std::size_t>(id)] != component) continue;
      best = std::min(best, key(gap, across, id));
      widest = widest_gap(best, gap);
    }
    budget_ -= static_cast<std::int64_t>(end - begin) + 1;
    return best;
  }

  /// Columns beyond which no site of a row that is row_gap away has a key up to `best`.
  static std::int32_t widest_gap(std::int64_t best, index_t row_gap) {
    const auto squared = static_cast<double>((best >> 32) - row_gap * row_gap);
    return static_cast<std::int32_t>(std::sqrt(squared));
  }

  const NearestScratch& scratch_;
  std::span<const std::int32_t> point_pixel_;
  Divider row_of_;
  index_t rows_;
  index_t cols_;
  std::int64_t budget_;
};

/// Scan for the pixels of open runs until the budget is spent; the runs that are left stay open.
void scan_open_runs(const Labelling& components,
                    std::span<const std::int32_t> point_pixel,
                    ImageView<std::int32_t> out,
                    NearestScratch& scratch) {
  const auto num_points = static_cast<std::int64_t>(scratch.component_of_point.size());
  RowScan scan(scratch, point_pixel, out.rows(), out.cols(), 16 * num_points + out.rows());
  std::size_t done = 0;
  for (; done < scratch.open_runs.size() && !scan.exhausted(); ++done) {
    const auto i = static_cast<std::size_t>(scratch.open_runs[done]);
    const Run& run = components.runs[i];
    std::int32_t* row = out.row(run.row);
    std::int32_t near = -1;
    for (index_t c = run.begin; c < run.end && !scan.exhausted(); ++c) {
      if (row[c] == simd::kNearestUnknown) {
        row[c] = scan.search(run.row, c, components.label_of_run[i], near);
      }
      near = row[c];
    }
    if (scan.exhausted()) break;
  }
  scratch.open_runs.erase(scratch.open_runs.begin(),
                          scratch.open_runs.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace

void finish_open_runs(const Labelling& components,
                      std::span<const std::int32_t> point_pixel,
                      ImageView<std::int32_t> out,
                      NearestScratch& scratch) {
  scan_open_runs(components, point_pixel, out, scratch);
  if (scratch.open_runs.empty()) return;
  const auto count = static_cast<std::size_t>(components.count);
  group(scratch.open_ptr, scratch.sorted_runs, count, [&](auto take) {
    for (const std::int32_t run : scratch.open_runs) {
      take(components.label_of_run[static_cast<std::size_t>(run)], run);
    }
  });
  group(scratch.point_ptr, scratch.sorted_points, count, [&](auto take) {
    for_each_site(scratch, point_pixel, take);
  });
  for (std::size_t k = 1; k <= count; ++k) {
    const auto begin = static_cast<std::size_t>(scratch.open_ptr[k]);
    const auto end = static_cast<std::size_t>(scratch.open_ptr[k + 1]);
    if (begin == end) continue;
    const auto first = static_cast<std::size_t>(scratch.point_ptr[k]);
    const auto last = static_cast<std::size_t>(scratch.point_ptr[k + 1]);
    const std::span<const std::int32_t> points(scratch.sorted_points);
    const std::span<const std::int32_t> open(scratch.sorted_runs);
    ComponentSearch(points.subspan(first, last - first), point_pixel, out, scratch)
        .finish(open.subspan(begin, end - begin), components.runs);
  }
}

}  // namespace gftcore
