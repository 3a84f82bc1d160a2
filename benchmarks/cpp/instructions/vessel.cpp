// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include "counted.hpp"
#include "drawing.hpp"
#include "gftcore/common/intensity.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "gftcore/morphology/label.hpp"
#include "gftcore/morphology/nearest_point.hpp"
#include "gftcore/morphology/thinning.hpp"
#include "gftcore/vessel/centreline.hpp"
#include "gftcore/vessel/prune.hpp"
#include "gftcore/vessel/segment_features.hpp"
#include "gftcore/vessel/trace.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  const BitImage bits = vessel_bits();
  const auto pixels = static_cast<std::size_t>(kSide * kSide);
  std::vector<std::int32_t> distance(pixels);
  const ImageView<std::int32_t> squared(distance.data(), kSide, kSide);
  DistanceScratch distance_scratch;
  squared_distance(bits, Frame::none, squared, distance_scratch);
  const std::vector<index_t> anchors = border_anchors(bits);
  BitImage skeleton;
  ThinScratch thin_scratch;
  thin(bits, SkeletonMethod::fast, anchors, squared, skeleton, thin_scratch);

  SkeletonGraph graph;
  TraceScratch scratch;
  count("trace", [&] { trace(skeleton, anchors, graph, scratch); });
  count_on_copy(
      "prune", graph, [&](SkeletonGraph& pruned) { prune(pruned, squared, {}, scratch); });
  prune(graph, squared, {}, scratch);

  Centrelines lines;
  count("centrelines", [&] { centrelines(graph, squared, lines); });
  Labelling components;
  label_runs(bits, Connectivity::eight, components);
  std::vector<std::int32_t> nearest(pixels);
  const ImageView<std::int32_t> points(nearest.data(), kSide, kSide);
  NearestScratch nearest_scratch;
  count("nearest_point",
        [&] { nearest_point(bits, components, graph.point_pixel, points, nearest_scratch); });
  SurfaceFeatures surface;
  SurfaceScratch surface_scratch;
  count("surface_features",
        [&] { surface_features(graph, bits, points, FeatureMode::edt, surface, surface_scratch); });
  const std::vector<float> image = photograph();
  const IntensityView intensity =
      ImageView<const float>(image.data(), kSide / kScale, kSide / kScale);
  count("segment_table", [&] {
    SegmentTable table;
    segment_table(graph, lines, FeatureMode::edt, surface, intensity, table);
  });
}
