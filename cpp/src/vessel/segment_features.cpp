// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/segment_features.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <variant>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/divider.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/common/list_ones.hpp"
#include "gftcore/common/resize_exactly.hpp"

namespace gftcore {
namespace {

using Accumulator = SurfaceScratch::Accumulator;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

/// Square roots of integers; those of distances within a usual vessel are looked up.
class Roots {
 public:
  Roots() {
    for (std::size_t i = 0; i < kSize; ++i) small_[i] = std::sqrt(static_cast<double>(i));
  }
  double operator()(std::int32_t squared) const {
    const auto i = static_cast<std::size_t>(squared);
    return i < kSize ? small_[i] : std::sqrt(static_cast<double>(squared));
  }

 private:
  static constexpr std::size_t kSize = 1024;
  std::array<double, kSize> small_;
};

void reset(const SkeletonGraph& graph, SurfaceScratch& scratch) {
  resize_exactly(scratch.points, graph.num_points());
  scratch.cols.resize(at(graph.cols + kListSpare));
  const Divider row_of(graph.cols);
  for (std::size_t i = 0; i < scratch.points.size(); ++i) {
    const index_t row = row_of(graph.point_pixel[i]);
    scratch.points[i] = {0,
                         std::numeric_limits<std::int32_t>::max(),
                         0,
                         0,
                         static_cast<std::int16_t>(row),
                         static_cast<std::int16_t>(graph.point_pixel[i] - row * graph.cols)};
  }
}

/// Mask pixels of word k with a 4-neighbour that is off; the outside counts as on.
std::uint64_t contour_word(const BitImage& mask, index_t r, index_t k) {
  constexpr std::uint64_t kOn = ~std::uint64_t{0};
  const std::uint64_t* row = mask.row(r);
  const std::uint64_t past_end = k + 1 == mask.used_words() ? ~mask.last_word_mask() : 0;
  const std::uint64_t north = r > 0 ? mask.row(r - 1)[k] : kOn;
  const std::uint64_t south = r + 1 < mask.rows() ? mask.row(r + 1)[k] : kOn;
  const std::uint64_t from_west = k > 0 ? row[k - 1] >> 63 : 1;
  const std::uint64_t from_east = k + 1 < mask.used_words() ? row[k + 1] & 1 : 1;
  const std::uint64_t west = row[k] << 1 | from_west;
  const std::uint64_t east = (row[k] | past_end) >> 1 | from_east << 63;
  return row[k] & ~(north & south & west & east);
}

void add_surface_pixel(const Roots& root, Accumulator& p, std::int32_t r, std::int32_t c) {
  const std::int32_t dr = r - p.row;
  const std::int32_t dc = c - p.col;
  const std::int32_t squared = dr * dr + dc * dc;
  p.sum += root(squared);
  p.smallest = std::min(p.smallest, squared);
  p.largest = std::max(p.largest, squared);
  ++p.surface_pixels;
}

/// Count the pixels of one row by point. Pixels in a row often have the same one, and adding to a
/// number just stored is slow, so they take turns between two.
void count_pixels(const std::uint64_t* words,
                  index_t used_words,
                  const std::int32_t* point_of_col,
                  std::int32_t* pixels_of_point) {
  const auto add = [&](index_t c, std::int32_t turn) {
    const std::int32_t point = point_of_col[c];
    if (point >= 0) ++pixels_of_point[2 * index_t{point} + turn];
  };
  for (index_t k = 0; k < used_words; ++k) {
    for (std::uint64_t rest = words[k]; rest != 0; rest &= rest - 1) {
      add(64 * k + std::countr_zero(rest), 0);
      rest &= rest - 1;
      if (rest == 0) break;
      add(64 * k + std::countr_zero(rest), 1);
    }
  }
}

void accumulate(const BitImage& mask,
                ImageView<const std::int32_t> point_of_pixel,
                bool contour_only,
                const Roots& root,
                std::int32_t* pixels_of_point,
                SurfaceScratch& scratch) {
  Accumulator* const points = scratch.points.data();
  std::int32_t* const cols = scratch.cols.data();
  for (index_t r = 0; r < mask.rows(); ++r) {
    const std::int32_t* point_of_col = point_of_pixel.row(r);
    const std::uint64_t* words = mask.row(r);
    const auto row = static_cast<std::int32_t>(r);
    count_pixels(words, mask.used_words(), point_of_col, pixels_of_point);
    const std::int32_t* const end = list_ones(
        mask.used_words(),
        [&](index_t k) { return contour_only ? contour_word(mask, r, k) : words[k]; },
        cols);
    // All points at once do not fit in the cache, those of a row do.
    for (const std::int32_t* c = cols; c != end; ++c) {
      __builtin_prefetch(points + std::max(point_of_col[*c], 0));  // -1: no point
    }
    for (const std::int32_t* c = cols; c != end; ++c) {
      const std::int32_t point = point_of_col[*c];
      if (point >= 0) add_surface_pixel(root, points[point], row, *c);
    }
  }
}

/// Smallest, mean, largest distance and roundness of a point; unspecified without surface pixels.
std::array<double, 4> radii_of(const Roots& root, const Accumulator& p, double offset) {
  const double smallest = root(p.surface_pixels > 0 ? p.smallest : 0) + offset;
  const double largest = root(p.largest) + offset;
  return {
      smallest, p.sum / p.surface_pixels + offset, largest, largest > 0 ? smallest / largest : 1.0};
}

/// Mean and population sd over the points of one segment, interleaved.
std::array<double, 8> summarise(const Roots& root,
                                const Accumulator* first,
                                const Accumulator* last,
                                double offset,
                                std::vector<std::array<double, 4>>& radii) {
  const auto points = static_cast<std::size_t>(last - first);
  if (radii.size() < points) radii.resize(points);
  std::size_t count = 0;
  for (const Accumulator* p = first; p != last; ++p) {
    radii[count] = radii_of(root, *p, offset);
    count += p->surface_pixels > 0 ? 1 : 0;
  }
  std::array<double, 8> out{};
  if (count == 0) {
    out.fill(kNaN);
    return out;
  }
  std::array<double, 4> sum{};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < 4; ++j) sum[j] += radii[i][j];
  }
  const auto n = static_cast<double>(count);
  std::array<double, 4> mean{};
  for (std::size_t j = 0; j < 4; ++j) mean[j] = sum[j] / n;
  std::array<double, 4> squares{};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      squares[j] += (radii[i][j] - mean[j]) * (radii[i][j] - mean[j]);
    }
  }
  for (std::size_t j = 0; j < 4; ++j) {
    out[2 * j] = mean[j];
    out[2 * j + 1] = std::sqrt(squares[j] / n);
  }
  return out;
}

constexpr std::array kLineColumns = {
    "row", "col", "pos_compat_row", "pos_compat_col", "length", "distance", "curveness"};
constexpr std::array kSurfaceColumns = {"volume",
                                        "avgCrossSection",
                                        "minRadiusAvg",
                                        "minRadiusStd",
                                        "avgRadiusAvg",
                                        "avgRadiusStd",
                                        "maxRadiusAvg",
                                        "maxRadiusStd",
                                        "roundnessAvg",
                                        "roundnessStd"};
constexpr std::array kGraphColumns = {"node1_degree",
                                      "node2_degree",
                                      "num_voxels",
                                      "hasNodeAtSampleBorder",
                                      "radius_mean_px",
                                      "radius_std_px",
                                      "radius_min_px",
                                      "radius_max_px"};
constexpr std::array kIntensityColumns = {
    "intensity_mean", "intensity_std", "intensity_q25", "intensity_q75"};

double* put_line(const Centrelines& lines, FeatureMode mode, index_t s, double* x) {
  const double length = lines.length_px[at(s)];
  const double distance = lines.distance_px[at(s)];
  x = std::copy_n(lines.arc_midpoint.begin() + 2 * s, 2, x);
  x = std::copy_n(lines.chord_midpoint.begin() + 2 * s, 2, x);
  *x++ = length;
  *x++ = distance;
  if (distance > 0) {
    *x++ = length / distance;
  } else if (mode == FeatureMode::voreen_slab) {
    *x++ = kInfinity;
  } else {
    *x++ = kNaN;
  }
  return x;
}

double* put_surface(const SkeletonGraph& graph,
                    const Centrelines& lines,
                    FeatureMode mode,
                    const SurfaceFeatures& surface,
                    index_t s,
                    double* x) {
  const bool has_points = graph.point_ptr[at(s)] < graph.point_ptr[at(s) + 1];
  const double volume = surface.volume_px[at(s)];
  *x++ = volume;
  *x++ = has_points || mode == FeatureMode::voreen_slab ? volume / lines.length_px[at(s)] : kNaN;
  return std::copy_n(surface.radii.begin() + 8 * s, 8, x);
}

double* put_graph(const SkeletonGraph& graph, const Centrelines& lines, index_t s, double* x) {
  const std::size_t a = at(graph.segment_nodes[at(2 * s)]);
  const std::size_t b = at(graph.segment_nodes[at(2 * s + 1)]);
  const auto [low, high] = std::minmax(graph.node_degree[a], graph.node_degree[b]);
  constexpr auto kBorder = static_cast<std::uint8_t>(NodeKind::border);
  *x++ = low;
  *x++ = high;
  *x++ = static_cast<double>(graph.point_ptr[at(s) + 1] - graph.point_ptr[at(s)]);
  *x++ = graph.node_kind[a] == kBorder || graph.node_kind[b] == kBorder ? 1 : 0;
  return std::copy_n(lines.radius_px.begin() + 4 * s, 4, x);
}

}  // namespace

void surface_features(const SkeletonGraph& graph,
                      const BitImage& mask,
                      ImageView<const std::int32_t> point_of_pixel,
                      FeatureMode mode,
                      SurfaceFeatures& out,
                      SurfaceScratch& scratch) {
  require_same_shape(graph.skeleton, "skeleton", mask, "mask");
  require_same_shape(mask, "mask", point_of_pixel, "point_of_pixel");
  if (mode == FeatureMode::centreline) {
    throw ValueError("mode must be edt or voreen_slab: centreline has no surface features");
  }
  const bool slab = mode == FeatureMode::voreen_slab;
  reset(graph, scratch);
  static const Roots root;
  auto* const pixels_of_point =
      scratch.pixels_of_point.request<std::int32_t>(2 * graph.num_points());
  std::fill_n(pixels_of_point, 2 * graph.num_points(), 0);
  accumulate(mask, point_of_pixel, !slab, root, pixels_of_point, scratch);
  resize_exactly(out.volume_px, graph.num_segments());
  resize_exactly(out.radii, 8 * graph.num_segments());
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    const index_t first_point = graph.point_ptr[at(s)];
    const index_t last_point = graph.point_ptr[at(s) + 1];
    const Accumulator* first = scratch.points.data() + first_point;
    const Accumulator* last = scratch.points.data() + last_point;
    if (slab && first == last) {
      out.volume_px[at(s)] = -1;
      std::fill_n(out.radii.begin() + 8 * s, 8, -1.0);
      continue;
    }
    index_t volume = 0;
    for (index_t i = 2 * first_point; i < 2 * last_point; ++i) {
      volume += pixels_of_point[i];
    }
    out.volume_px[at(s)] = static_cast<double>(volume);
    const std::array<double, 8> row = summarise(root, first, last, slab ? 0.0 : 0.5, scratch.radii);
    std::copy(row.begin(), row.end(), out.radii.begin() + 8 * s);
  }
}

void segment_table(const SkeletonGraph& graph,
                   const Centrelines& lines,
                   FeatureMode mode,
                   const SurfaceFeatures& surface,
                   const IntensityView& intensity,
                   SegmentTable& out,
                   std::span<const char* const> more) {
  const bool has_surface = mode != FeatureMode::centreline;
  const bool has_intensity = !std::holds_alternative<std::monostate>(intensity);
  std::vector<double> intensity_columns;
  segment_intensity(graph, intensity, intensity_columns);
  out.columns.assign(kLineColumns.begin(), kLineColumns.end());
  const auto append = [&](const auto& names) {
    out.columns.insert(out.columns.end(), names.begin(), names.end());
  };
  if (has_surface) append(kSurfaceColumns);
  append(kGraphColumns);
  if (has_intensity) append(kIntensityColumns);
  append(more);
  // Row by row, since a table that is first filled with zeros costs as much again.
  std::vector<double> row(out.columns.size());
  out.values.clear();
  out.values.reserve(at(graph.num_segments()) * row.size());
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    double* x = put_line(lines, mode, s, row.data());
    if (has_surface) x = put_surface(graph, lines, mode, surface, s, x);
    x = put_graph(graph, lines, s, x);
    if (has_intensity) std::copy_n(intensity_columns.begin() + 4 * s, 4, x);
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
}

}  // namespace gftcore
