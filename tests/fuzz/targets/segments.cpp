// SPDX-License-Identifier: Apache-2.0
// Centrelines, node radii, surface features, intensities and the table of segments.
#include <algorithm>
#include <vector>

#include "../naive/segments.hpp"
#include "check.hpp"
#include "gftcore/morphology/nearest_point.hpp"
#include "gftcore/vessel/trace.hpp"
#include "graphs.hpp"
#include "images.hpp"
#include "intensity.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

// ulp(n) class: other orders of the same few sums.
constexpr double kExact = 1e-9;
constexpr double kFloat = 3e-7;
constexpr FeatureMode kModes[] = {
    FeatureMode::edt, FeatureMode::voreen_slab, FeatureMode::centreline};

void check_lines(const SkeletonScene& made,
                 const SkeletonGraph& graph,
                 const Centrelines& want,
                 Centrelines& got) {
  centrelines(graph, made.view(), got);
  plant("point_rowcol", got.point_rowcol);
  plant("point_radius_px", got.point_radius_px);
  plant("length_px", got.length_px);
  plant("distance_px", got.distance_px);
  plant("arc_midpoint", got.arc_midpoint);
  plant("chord_midpoint", got.chord_midpoint);
  plant("radius_px", got.radius_px);
  close(got.point_rowcol, want.point_rowcol, kFloat, "point_rowcol");
  close(got.point_radius_px, want.point_radius_px, kFloat, "point_radius_px");
  close(got.length_px, want.length_px, kExact, "length_px");
  close(got.distance_px, want.distance_px, kExact, "distance_px");
  close(got.arc_midpoint, want.arc_midpoint, kExact, "arc_midpoint");
  close(got.chord_midpoint, want.chord_midpoint, kExact, "chord_midpoint");
  close(got.radius_px, want.radius_px, kExact, "radius_px");
  static std::vector<float> radii;
  node_radius_px(graph, made.view(), radii);
  plant("node_radius_px", radii);
  close(radii, naive::node_radii(graph, made.distance), kFloat, "node_radius_px");
}

/// The nearest points, or any points at all.
void assign_points(const Scene& scene, const SkeletonGraph& graph, std::vector<std::int32_t>& out) {
  static NearestScratch scratch;
  static Labelling components;
  out.assign(static_cast<std::size_t>(scene.shape.area()), -1);
  if (scene.option(4) % 4 != 0) {
    label_runs(scene.mask, Connectivity::eight, components);
    nearest_point(scene.mask,
                  components,
                  graph.point_pixel,
                  {out.data(), scene.shape.rows, scene.shape.cols},
                  scratch);
    return;
  }
  Random random(scene.option(4));
  for (std::int32_t& point : out) {
    point = static_cast<std::int32_t>(random.below(graph.num_points() + 1)) - 1;
  }
}

std::vector<double> naive_intensity(const SkeletonGraph& graph, const IntensityScene& image) {
  std::vector<double> out;
  for (std::size_t s = 0; s < static_cast<std::size_t>(graph.num_segments()); ++s) {
    std::vector<double> values;
    for (index_t i = graph.point_ptr[s]; i < graph.point_ptr[s + 1]; ++i) {
      const index_t pixel = graph.point_pixel[static_cast<std::size_t>(i)];
      values.push_back(image.at(pixel / graph.cols, pixel % graph.cols));
    }
    const auto [mean, sd] = naive::mean_and_sd(values);
    out.insert(out.end(), {mean, sd});
    for (const double q : {0.25, 0.75}) {
      out.push_back(values.empty() ? naive::kNaN : naive::quantile(values, q));
    }
  }
  return out;
}

/// The row of a segment by the definitions of the columns.
std::vector<double> naive_row(const SkeletonGraph& graph,
                              const Centrelines& lines,
                              FeatureMode mode,
                              const SurfaceFeatures& surface,
                              const std::vector<double>& intensity,
                              std::size_t s) {
  const double length = lines.length_px[s];
  const double distance = lines.distance_px[s];
  const auto points = static_cast<double>(graph.point_ptr[s + 1] - graph.point_ptr[s]);
  const bool slab = mode == FeatureMode::voreen_slab;
  std::vector<double> row{lines.arc_midpoint[2 * s],
                          lines.arc_midpoint[2 * s + 1],
                          lines.chord_midpoint[2 * s],
                          lines.chord_midpoint[2 * s + 1],
                          length,
                          distance};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  row.push_back(distance > 0 ? length / distance : (slab ? kInfinity : naive::kNaN));
  if (mode != FeatureMode::centreline) {
    const double volume = surface.volume_px[s];
    row.push_back(volume);
    row.push_back(points > 0 || slab ? volume / length : naive::kNaN);
    for (std::size_t k = 0; k < 8; ++k) row.push_back(surface.radii[8 * s + k]);
  }
  const auto a = static_cast<std::size_t>(graph.segment_nodes[2 * s]);
  const auto b = static_cast<std::size_t>(graph.segment_nodes[2 * s + 1]);
  const auto is_border = [&](std::size_t v) {
    return graph.node_kind[v] == static_cast<std::uint8_t>(NodeKind::border);
  };
  row.push_back(std::min(graph.node_degree[a], graph.node_degree[b]));
  row.push_back(std::max(graph.node_degree[a], graph.node_degree[b]));
  row.push_back(points);
  row.push_back(is_border(a) || is_border(b) ? 1 : 0);
  for (std::size_t k = 0; k < 4; ++k) row.push_back(lines.radius_px[4 * s + k]);
  if (!intensity.empty()) {
    for (std::size_t k = 0; k < 4; ++k) row.push_back(intensity[4 * s + k]);
  }
  return row;
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static SkeletonScene made;
  static TraceScratch scratch;
  static SkeletonGraph graph;
  static Centrelines lines;
  static SurfaceScratch surface_scratch;
  static std::vector<std::int32_t> points;
  static IntensityScene image;
  Bytes bytes(data);
  scene.read(bytes, {.area = 700});
  made.make(scene, bytes);
  trace(made.skeleton, made.anchors, graph, scratch);
  const Centrelines want_lines = naive::centrelines(graph, made.distance);
  check_lines(made, graph, want_lines, lines);

  const FeatureMode mode = kModes[scene.option(3) % 3U];
  SurfaceFeatures surface;
  SurfaceFeatures want_surface;
  if (mode != FeatureMode::centreline) {
    assign_points(scene, graph, points);
    const naive::Mask mask = naive::mask_of(scene.mask);
    want_surface = naive::surface_features(graph, mask, points, mode);
    surface_features(graph,
                     scene.mask,
                     {points.data(), scene.shape.rows, scene.shape.cols},
                     mode,
                     surface,
                     surface_scratch);
    plant("volume_px", surface.volume_px);
    plant("radii", surface.radii);
    close(surface.volume_px, want_surface.volume_px, 0, "volume_px");
    close(surface.radii, want_surface.radii, kExact, "radii");
  }

  if (scene.shape.area() == 0) return;  // no image divides nothing
  image.make(scene.option(5), scene.option(6), scene.shape);
  std::vector<double> want_intensity;
  if (image.present()) want_intensity = naive_intensity(graph, image);
  std::vector<double> intensity;
  segment_intensity(graph, image.view, intensity);
  plant("segment_intensity", intensity);
  close(intensity, want_intensity, kExact, "segment_intensity");

  SegmentTable table;
  segment_table(graph, lines, mode, surface, image.view, table);
  plant("segment_table", table.values);
  std::vector<double> want;
  for (std::size_t s = 0; s < static_cast<std::size_t>(graph.num_segments()); ++s) {
    const auto row = naive_row(graph, lines, mode, surface, want_intensity, s);
    same(table.columns.size(), row.size(), "columns of the segment table");
    want.insert(want.end(), row.begin(), row.end());
  }
  close(table.values, want, kExact, "segment_table");
}

}  // namespace gftcore::fuzz
