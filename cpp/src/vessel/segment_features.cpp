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
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

using Accumulator = SurfaceScratch::Accumulator;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

void reset(const SkeletonGraph& graph, SurfaceScratch& scratch) {
  scratch.points.resize(at(graph.num_points()));
  scratch.pixels_of_point.assign(at(graph.num_points()), 0);
  const auto cols = static_cast<std::int32_t>(graph.cols);
  for (std::size_t i = 0; i < scratch.points.size(); ++i) {
    const std::int32_t row = graph.point_pixel[i] / cols;
    scratch.points[i] = {0,
                         std::numeric_limits<std::int32_t>::max(),
                         0,
                         0,
                         static_cast<std::int16_t>(row),
                         static_cast<std::int16_t>(graph.point_pixel[i] - row * cols)};
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

void add_surface_pixel(Accumulator& p, index_t r, index_t c) {
  const auto dr = static_cast<std::int32_t>(r) - p.row;
  const auto dc = static_cast<std::int32_t>(c) - p.col;
  const std::int32_t squared = dr * dr + dc * dc;
  p.sum += std::sqrt(static_cast<double>(squared));
  p.smallest = std::min(p.smallest, squared);
  p.largest = std::max(p.largest, squared);
  ++p.surface_pixels;
}

void accumulate(const BitImage& mask,
                ImageView<const std::int32_t> point_of_pixel,
                bool contour_only,
                SurfaceScratch& scratch) {
  Accumulator* const points = scratch.points.data();
  std::int32_t* const pixels_of_point = scratch.pixels_of_point.data();
  for (index_t r = 0; r < mask.rows(); ++r) {
    const std::int32_t* point_of_col = point_of_pixel.row(r);
    for (index_t k = 0; k < mask.used_words(); ++k) {
      const std::uint64_t word = mask.row(r)[k];
      if (word == 0) continue;
      const std::uint64_t surface = contour_only ? contour_word(mask, r, k) : word;
      for (std::uint64_t rest = word; rest != 0; rest &= rest - 1) {
        const std::int32_t point = point_of_col[64 * k + std::countr_zero(rest)];
        if (point >= 0) ++pixels_of_point[point];
      }
      for (std::uint64_t rest = surface; rest != 0; rest &= rest - 1) {
        const index_t c = 64 * k + std::countr_zero(rest);
        if (point_of_col[c] >= 0) add_surface_pixel(points[point_of_col[c]], r, c);
      }
    }
  }
}

/// Smallest, mean, largest distance and roundness of a point that has surface pixels.
std::array<double, 4> radii_of(const Accumulator& p, double offset) {
  const double smallest = std::sqrt(static_cast<double>(p.smallest)) + offset;
  const double largest = std::sqrt(static_cast<double>(p.largest)) + offset;
  return {
      smallest, p.sum / p.surface_pixels + offset, largest, largest > 0 ? smallest / largest : 1.0};
}

/// Mean and population sd over the points of one segment, interleaved.
std::array<double, 8> summarise(const Accumulator* first,
                                const Accumulator* last,
                                double offset,
                                std::vector<std::array<double, 4>>& radii) {
  radii.clear();
  std::array<double, 8> out{};
  for (const Accumulator* p = first; p != last; ++p) {
    if (p->surface_pixels == 0) continue;
    radii.push_back(radii_of(*p, offset));
    for (std::size_t j = 0; j < 4; ++j) out[2 * j] += radii.back()[j];
  }
  if (radii.empty()) {
    out.fill(kNaN);
    return out;
  }
  const auto n = static_cast<double>(radii.size());
  for (std::size_t j = 0; j < 4; ++j) out[2 * j] /= n;
  for (const std::array<double, 4>& r : radii) {
    for (std::size_t j = 0; j < 4; ++j) {
      out[2 * j + 1] += (r[j] - out[2 * j]) * (r[j] - out[2 * j]);
    }
  }
  for (std::size_t j = 0; j < 4; ++j) out[2 * j + 1] = std::sqrt(out[2 * j + 1] / n);
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
  accumulate(mask, point_of_pixel, !slab, scratch);
  out.volume_px.resize(at(graph.num_segments()));
  out.radii.resize(at(8 * graph.num_segments()));
  std::vector<std::array<double, 4>> radii;
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
    for (index_t i = first_point; i < last_point; ++i) volume += scratch.pixels_of_point[at(i)];
    out.volume_px[at(s)] = static_cast<double>(volume);
    const std::array<double, 8> row = summarise(first, last, slab ? 0.0 : 0.5, radii);
    std::copy(row.begin(), row.end(), out.radii.begin() + 8 * s);
  }
}

void segment_table(const SkeletonGraph& graph,
                   const Centrelines& lines,
                   FeatureMode mode,
                   const SurfaceFeatures& surface,
                   const IntensityView& intensity,
                   SegmentTable& out) {
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
  out.values.resize(at(graph.num_segments()) * out.columns.size());
  double* x = out.values.data();
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    x = put_line(lines, mode, s, x);
    if (has_surface) x = put_surface(graph, lines, mode, surface, s, x);
    x = put_graph(graph, lines, s, x);
    if (has_intensity) x = std::copy_n(intensity_columns.begin() + 4 * s, 4, x);
  }
}

}  // namespace gftcore
