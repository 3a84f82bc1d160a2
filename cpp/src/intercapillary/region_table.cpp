// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/region_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <variant>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/resize_exactly.hpp"
#include "gftcore/intercapillary/hull.hpp"
#include "gftcore/intercapillary/perimeter.hpp"
#include "gftcore/intercapillary/region_runs.hpp"
#include "region_intensity.hpp"

namespace gftcore {
namespace {

__extension__ typedef __int128 int128;  // NOLINT(modernize-use-using): -Wpedantic wants this form

constexpr std::array<std::string_view, 17> kColumns = {"centroid-0",
                                                       "centroid-1",
                                                       "area",
                                                       "perimeter",
                                                       "eccentricity",
                                                       "equivalent_diameter_area",
                                                       "orientation",
                                                       "solidity",
                                                       "feret_diameter_max",
                                                       "extent",
                                                       "axis_major_length",
                                                       "axis_minor_length",
                                                       "intensity_max",
                                                       "intensity_mean",
                                                       "intensity_min",
                                                       "centroid_weighted-0",
                                                       "centroid_weighted-1"};
constexpr std::size_t kShapeColumns = 12;

/// Sums over the pixels of one region; at most 2^30 px * 2^30 each.
struct Moments {
  std::int64_t area = 0;
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t row_row = 0;
  std::int64_t row_col = 0;
  std::int64_t col_col = 0;
  std::int32_t row_begin = 0;
  std::int32_t row_last = -1;
  std::int32_t col_begin = 0;
  std::int32_t col_end = 0;
  std::int64_t extents = 0;  // rows occupied
};

/// squares[c] = sum of the squares below c.
void sum_squares(index_t cols, std::vector<std::int64_t>& squares) {
  squares.resize(static_cast<std::size_t>(cols) + 1);
  std::int64_t sum = 0;
  for (index_t c = 0; c <= cols; ++c) {
    squares[static_cast<std::size_t>(c)] = sum;
    sum += c * c;
  }
}

void add_run(Moments& m, const Run& run, const std::int64_t* squares) {
  const std::int64_t row = run.row;
  const std::int64_t length = run.end - run.begin;
  const std::int64_t cols = length * (std::int64_t{run.begin} + run.end - 1) / 2;
  m.area += length;
  m.row += row * length;
  m.col += cols;
  m.row_row += row * row * length;
  m.row_col += row * cols;
  m.col_col += squares[run.end] - squares[run.begin];
  if (m.row_last < 0) {
    m.row_begin = run.row;
    m.col_begin = run.begin;
    m.col_end = run.end;
  }
  m.extents += m.row_last != run.row ? 1 : 0;
  m.row_last = run.row;
  m.col_begin = std::min(m.col_begin, run.begin);
  m.col_end = std::max(m.col_end, run.end);
}

void add_runs(const Labelling& regions,
              std::vector<std::int64_t>& squares,
              std::vector<Moments>& moments) {
  sum_squares(regions.cols, squares);
  moments.assign(static_cast<std::size_t>(regions.count), {});
  for (std::size_t i = 0; i < regions.runs.size(); ++i) {
    const label_t label = regions.label_of_run[i];
    if (label == 0) continue;
    add_run(moments[static_cast<std::size_t>(label) - 1], regions.runs[i], squares.data());
  }
}

/// Row extents of all regions, region after region; the last one of label i is at last[i - 1].
void collect_extents(const Labelling& regions,
                     const std::vector<Moments>& moments,
                     std::vector<std::int64_t>& last,
                     std::vector<RowExtent>& extents) {
  std::int64_t total = 0;
  for (const Moments& m : moments) total += m.extents;
  resize_exactly(extents, total);
  resize_exactly(last, std::ssize(moments));
  std::int64_t next = 0;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    last[i] = next;
    if (moments[i].extents == 0) continue;
    extents[static_cast<std::size_t>(next)] = {moments[i].row_begin, moments[i].col_end, 0};
    next += moments[i].extents;
  }
  for (std::size_t i = 0; i < regions.runs.size(); ++i) {
    const label_t label = regions.label_of_run[i];
    if (label == 0) continue;
    const Run& run = regions.runs[i];
    std::int64_t& at = last[static_cast<std::size_t>(label) - 1];
    RowExtent* extent = &extents[static_cast<std::size_t>(at)];
    if (extent->row != run.row) {
      ++at;
      *++extent = {run.row, run.begin, 0};
    }
    extent->first = std::min(extent->first, run.begin);
    extent->last = run.end - 1;
  }
}

struct Ellipse {
  double eccentricity = 0.0;
  double orientation = 0.0;
  double major_px = 0.0;
  double minor_px = 0.0;
};

/// The ellipse with the region's second central moments. Those are integers over area^2, so that
/// lines and equal axes are recognised exactly.
Ellipse fit_ellipse(const Moments& m) {
  const int128 area = m.area;
  const int128 rows = area * m.row_row - int128{m.row} * m.row;
  const int128 cols = area * m.col_col - int128{m.col} * m.col;
  const int128 both = area * m.row_col - int128{m.row} * m.col;
  const auto difference = static_cast<double>(rows - cols);
  const auto twice_both = static_cast<double>(2 * both);
  const double spread = std::sqrt(difference * difference + twice_both * twice_both);
  const double larger = (static_cast<double>(rows + cols) + spread) / 2.0;
  if (larger == 0.0) return {0.0, -std::numbers::pi / 4.0, 0.0, 0.0};

  constexpr int128 kLargestFactor = int128{1} << 62;
  double smaller = 0.0;
  if (std::max(rows, cols) <= kLargestFactor) {
    smaller = static_cast<double>(rows * cols - both * both) / larger;
  } else {
    smaller = std::max(0.0, (static_cast<double>(rows + cols) - spread) / 2.0);
  }
  Ellipse ellipse;
  const auto side = static_cast<double>(m.area);
  ellipse.major_px = 4.0 * std::sqrt(larger) / side;
  ellipse.minor_px = 4.0 * std::sqrt(smaller) / side;
  ellipse.eccentricity = std::sqrt(std::min(1.0, spread / larger));
  if (rows == cols) {
    ellipse.orientation = both > 0 ? std::numbers::pi / 4.0 : -std::numbers::pi / 4.0;
  } else {
    ellipse.orientation = std::atan2(twice_both, difference) / 2.0;
  }
  return ellipse;
}

void write_shape(const Moments& m,
                 const ContourCounts& contour,
                 const HullMeasure& hull,
                 double* values) {
  const auto area = static_cast<double>(m.area);
  const std::int64_t bbox_area =
      std::int64_t{m.row_last + 1 - m.row_begin} * (m.col_end - m.col_begin);
  const Ellipse ellipse = fit_ellipse(m);
  values[0] = static_cast<double>(m.row) / area;
  values[1] = static_cast<double>(m.col) / area;
  values[2] = area;
  values[3] = perimeter_px(contour);
  values[4] = ellipse.eccentricity;
  values[5] = std::sqrt(4.0 * area / std::numbers::pi);
  values[6] = ellipse.orientation;
  values[7] = area / static_cast<double>(hull.pixels);
  values[8] = std::sqrt(static_cast<double>(hull.feret_squared));
  values[9] = area / static_cast<double>(bbox_area);
  values[10] = ellipse.major_px;
  values[11] = ellipse.minor_px;
}

void write_intensity(const Moments& m, const IntensityFeatures& features, double* values) {
  values[0] = features.max;
  values[1] = features.sum / static_cast<double>(m.area);
  values[2] = features.min;
  values[3] = features.weighted_row;
  values[4] = features.weighted_col;
}

void write_box(const Labelling& regions,
               const Moments& m,
               std::int32_t* bbox,
               std::uint8_t& touches_border) {
  bbox[0] = m.row_begin;
  bbox[1] = m.col_begin;
  bbox[2] = m.row_last + 1;
  bbox[3] = m.col_end;
  touches_border =
      bbox[0] == 0 || bbox[1] == 0 || bbox[2] == regions.rows || bbox[3] == regions.cols;
}

}  // namespace

struct RegionScratch::Buffers {
  std::vector<std::int64_t> squares;
  std::vector<Moments> moments;
  std::vector<ContourCounts> contours;
  ContourScratch contour;
  std::vector<std::int64_t> last_extent;
  std::vector<RowExtent> extents;
  HullScratch hull;
  std::vector<IntensityFeatures> intensity;
  Labelling runs;
};

RegionScratch::RegionScratch() : buffers_(std::make_unique<Buffers>()) {}
RegionScratch::~RegionScratch() = default;

std::span<const std::string_view> region_columns(bool with_intensity) {
  return std::span(kColumns).first(with_intensity ? kColumns.size() : kShapeColumns);
}

void region_table(const Labelling& regions,
                  const IntensityView& intensity,
                  RegionTable& out,
                  RegionScratch& scratch,
                  Contact contact,
                  index_t spare_columns) {
  require_supported_size(regions.rows, regions.cols, "labels");
  RegionScratch::Buffers& use = scratch.buffers();
  const bool with_intensity = !std::holds_alternative<std::monostate>(intensity);
  intensity_features(regions, intensity, use.intensity);
  add_runs(regions, use.squares, use.moments);
  resize_exactly(use.contours, std::ssize(use.moments));
  count_contours(regions, contact, use.contours, use.contour);
  collect_extents(regions, use.moments, use.last_extent, use.extents);

  const auto present = static_cast<std::size_t>(
      std::ranges::count_if(use.moments, [](const Moments& m) { return m.area > 0; }));
  const std::size_t columns =
      region_columns(with_intensity).size() + static_cast<std::size_t>(spare_columns);
  out.num_columns = static_cast<index_t>(columns);
  out.values.resize(present * columns);
  out.label_id.resize(present);
  out.bbox.resize(present * 4);
  out.touches_border.resize(present);
  std::size_t row = 0;
  for (std::size_t i = 0; i < use.moments.size(); ++i) {
    const Moments& m = use.moments[i];
    if (m.area == 0) continue;
    const RowExtent* end = use.extents.data() + use.last_extent[i] + 1;
    const HullMeasure hull = measure_hull({end - m.extents, end}, use.hull);
    double* values = &out.values[row * columns];
    write_shape(m, use.contours[i], hull, values);
    if (with_intensity) write_intensity(m, use.intensity[i], values + kShapeColumns);
    write_box(regions, m, &out.bbox[row * 4], out.touches_border[row]);
    out.label_id[row] = static_cast<label_t>(i + 1);
    ++row;
  }
}

void region_table(ImageView<const label_t> labels,
                  const IntensityView& intensity,
                  RegionTable& out,
                  RegionScratch& scratch) {
  std::vector<label_t> values;
  Labelling& runs = scratch.buffers().runs;
  region_runs(labels, runs, values);
  region_table(runs, intensity, out, scratch);
  out.label_id = std::move(values);
}

namespace {

/// Whether a row of bits has a one among columns begin <= c < end.
bool any_bit(const std::uint64_t* words, index_t begin, index_t end) {
  for (index_t k = begin >> 6; k <= (end - 1) >> 6; ++k) {
    std::uint64_t inside = ~std::uint64_t{0};
    if (k == begin >> 6) inside <<= begin & 63;
    if (k == (end - 1) >> 6) inside &= ~std::uint64_t{0} >> (63 - ((end - 1) & 63));
    if ((words[k] & inside) != 0) return true;
  }
  return false;
}

}  // namespace

void mark_excluded_contact(const Labelling& regions, const BitImage& excluded, RegionTable& table) {
  const ImageView<const label_t> shape(nullptr, regions.rows, regions.cols);
  require_same_shape(shape, "labels", excluded, "excluded");
  std::vector<std::uint8_t> contact(static_cast<std::size_t>(regions.count) + 1, 0);
  for (std::size_t i = 0; i < regions.runs.size(); ++i) {
    const Run& run = regions.runs[i];
    std::uint8_t& found = contact[static_cast<std::size_t>(regions.label_of_run[i])];
    // A row of a BitImage lies between guard words and guard rows, so no edge needs care.
    for (index_t r = run.row - 1; r <= run.row + 1 && found == 0; ++r) {
      found = any_bit(excluded.row(r), run.begin - 1, run.end + 1) ? 1 : 0;
    }
  }
  for (std::size_t row = 0; row < table.label_id.size(); ++row) {
    table.touches_border[row] |= contact[static_cast<std::size_t>(table.label_id[row])];
  }
}

}  // namespace gftcore
