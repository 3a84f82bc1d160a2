// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/vessel/segment_features.hpp"

namespace gftcore {
namespace {

/// A bar of three rows with its centreline; each pixel belongs to the point in its column.
struct Bar {
  BitImage mask = draw({".....", "#####", "#####", "#####", "....."});
  SkeletonGraph graph = traced(draw({".....", ".....", "#####", ".....", "....."}));
  std::vector<std::int32_t> distance = constant_distance(mask, 4);
  std::vector<std::int32_t> point_of_pixel = std::vector<std::int32_t>(25, -1);

  Bar() {
    for (index_t r = 1; r < 4; ++r) {
      for (index_t c = 0; c < 5; ++c) {
        point_of_pixel[static_cast<std::size_t>(5 * r + c)] =
            static_cast<std::int32_t>(std::clamp<index_t>(c - 1, 0, 2));
      }
    }
  }

  SegmentTable table(FeatureMode mode, const IntensityView& intensity = {}) const {
    Centrelines lines;
    centrelines(graph, {distance.data(), 5, 5}, lines);
    SurfaceFeatures surface;
    SurfaceScratch scratch;
    if (mode != FeatureMode::centreline) {
      surface_features(graph, mask, {point_of_pixel.data(), 5, 5}, mode, surface, scratch);
    }
    SegmentTable out;
    segment_table(graph, lines, mode, surface, intensity, out);
    return out;
  }
};

double value(const SegmentTable& table, const std::string& column) {
  const auto found = std::find(table.columns.begin(), table.columns.end(), column);
  REQUIRE(found != table.columns.end());
  return table.values[static_cast<std::size_t>(found - table.columns.begin())];
}

TEST_CASE("edt: contour pixels, half a pixel added; the image border is no contour") {
  const SegmentTable table = Bar().table(FeatureMode::edt);
  const double corner = std::sqrt(2.0) + 0.5;
  CHECK(value(table, "volume") == 15);
  CHECK(value(table, "avgCrossSection") == doctest::Approx(15.0 / 4));
  CHECK(value(table, "minRadiusAvg") == 1.5);
  CHECK(value(table, "minRadiusStd") == 0);
  CHECK(value(table, "maxRadiusAvg") == doctest::Approx((corner + 1.5 + corner) / 3));
  CHECK(value(table, "avgRadiusAvg") == doctest::Approx(((corner + 1.5) / 2 * 2 + 1.5) / 3));
  CHECK(value(table, "roundnessAvg") == doctest::Approx((2 * 1.5 / corner + 1) / 3));
}

TEST_CASE("voreen_slab: all pixels, to the centre") {
  const SegmentTable table = Bar().table(FeatureMode::voreen_slab);
  CHECK(value(table, "minRadiusAvg") == 0);
  CHECK(value(table, "roundnessAvg") == 0);
  CHECK(value(table, "maxRadiusAvg") == doctest::Approx((2 * std::sqrt(2.0) + 1) / 3));
}

TEST_CASE("centreline has no surface columns") {
  const SegmentTable table = Bar().table(FeatureMode::centreline);
  CHECK(table.columns.size() == 15);
  CHECK(value(table, "num_voxels") == 3);
  CHECK(value(table, "node2_degree") == 1);
  CHECK(value(table, "curveness") == doctest::Approx(1));
}

TEST_CASE("intensity statistics at full and at reduced size") {
  std::vector<std::uint8_t> full(25);
  for (std::size_t i = 0; i < 25; ++i) full[i] = static_cast<std::uint8_t>(i % 5 * i % 5);
  full[11] = 10;
  full[12] = 20;
  full[13] = 60;
  const SegmentTable table =
      Bar().table(FeatureMode::edt, ImageView<const std::uint8_t>(full.data(), 5, 5));
  CHECK(value(table, "intensity_mean") == 30);
  CHECK(value(table, "intensity_std") == doctest::Approx(std::sqrt((400.0 + 100 + 900) / 3)));
  CHECK(value(table, "intensity_q25") == 15);
  CHECK(value(table, "intensity_q75") == 40);
  const double one = 7.5;
  const SegmentTable coarse = Bar().table(FeatureMode::edt, ImageView<const double>(&one, 1, 1));
  CHECK(value(coarse, "intensity_mean") == 7.5);
  CHECK(value(coarse, "intensity_std") == 0);
}

TEST_CASE("the same columns for an image without segments") {
  SegmentTable table;
  const float image = 1;
  const SegmentTable full = Bar().table(FeatureMode::edt, ImageView<const float>(&image, 1, 1));
  segment_table(traced(BitImage(5, 5)),
                {},
                FeatureMode::edt,
                {},
                ImageView<const float>(&image, 1, 1),
                table);
  CHECK(table.columns == full.columns);
  CHECK(table.values.empty());
}

TEST_CASE("wrong shapes and the wrong mode are refused") {
  const Bar bar;
  SurfaceFeatures surface;
  SurfaceScratch scratch;
  const ImageView<const std::int32_t> assignment(bar.point_of_pixel.data(), 5, 5);
  CHECK_THROWS_AS(
      surface_features(bar.graph, BitImage(4, 5), assignment, FeatureMode::edt, surface, scratch),
      ShapeError);
  CHECK_THROWS_AS(
      surface_features(bar.graph, bar.mask, assignment, FeatureMode::centreline, surface, scratch),
      ValueError);
  const std::vector<float> image(10);
  CHECK_THROWS_AS(bar.table(FeatureMode::edt, ImageView<const float>(image.data(), 2, 5)),
                  ShapeError);
}

}  // namespace
}  // namespace gftcore
