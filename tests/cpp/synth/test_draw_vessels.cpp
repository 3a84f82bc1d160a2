// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "gftcore/common/error.hpp"
#include "gftcore/synth/draw_vessels.hpp"
#include "gftcore/synth/random_stream.hpp"

namespace gftcore {
namespace {

/// Both images of a drawing.
struct Drawing {
  Drawing(const std::vector<PlaneVessel>& vessels, index_t size)
      : side(size),
        mask(static_cast<std::size_t>(size * size), 7),
        grey(static_cast<std::size_t>(size * size), 7.0F) {
    draw_vessels(vessels, {mask.data(), side, side}, {grey.data(), side, side});
  }

  index_t side;
  std::vector<std::uint8_t> mask;
  std::vector<float> grey;
};

/// A vessel whose ends and half-width are given in pixels (row, col) of an image.
PlaneVessel in_pixels(std::array<double, 2> a, std::array<double, 2> b, double h, double side) {
  return {(a[0] + 0.5) / side,
          (a[1] + 0.5) / side,
          (b[0] + 0.5) / side,
          (b[1] + 0.5) / side,
          h / kDrawnHalfWidth / side};
}

double distance(double row, double col, const PlaneVessel& v, double side) {
  const double r0 = v.x0 * side - 0.5;
  const double c0 = v.y0 * side - 0.5;
  const double dr = v.x1 * side - 0.5 - r0;
  const double dc = v.y1 * side - 0.5 - c0;
  const double squared = dr * dr + dc * dc;
  double t = squared > 0 ? ((row - r0) * dr + (col - c0) * dc) / squared : 0;
  t = std::clamp(t, 0.0, 1.0);
  return std::hypot(row - r0 - t * dr, col - c0 - t * dc);
}

TEST_CASE("a drawn line has round ends and soft sides") {
  const Drawing drawn({in_pixels({4, 2}, {4, 6}, 1.25, 9)}, 9);
  const std::vector<std::uint8_t> expected{0, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                           0, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                           0, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                           0, 0, 1, 1, 1, 1, 1, 0, 0,  //
                                           0, 1, 1, 1, 1, 1, 1, 1, 0,  //
                                           0, 0, 1, 1, 1, 1, 1, 0, 0,  //
                                           0, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                           0, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                           0, 0, 0, 0, 0, 0, 0, 0, 0};
  CHECK(drawn.mask == expected);
  CHECK(drawn.grey[4 * 9 + 4] == 1.0F);
  CHECK(drawn.grey[3 * 9 + 4] == doctest::Approx(0.75));
  CHECK(drawn.grey[2 * 9 + 4] == 0.0F);
  CHECK(drawn.grey[3 * 9 + 1] == doctest::Approx(1.75 - std::sqrt(2.0)));
}

TEST_CASE("every pixel agrees with its distance") {
  RandomStream random(4, 0);
  for (int round = 0; round < 40; ++round) {
    const index_t side = 5 + static_cast<index_t>(40 * random.uniform());
    const auto size = static_cast<double>(side);
    std::vector<PlaneVessel> vessels;
    for (int i = 0; i < 6; ++i) {
      PlaneVessel v{random.uniform(-0.2, 1.2),
                    random.uniform(-0.2, 1.2),
                    random.uniform(-0.2, 1.2),
                    random.uniform(-0.2, 1.2),
                    random.uniform(0.001, 0.1)};
      if (i == 0) v.x1 = v.x0;
      if (i == 1) v.y1 = v.y0;
      if (i == 2) v = {v.x0, v.y0, v.x0, v.y0, v.radius};
      vessels.push_back(v);
    }
    const Drawing drawn(vessels, side);
    for (index_t row = 0; row < side; ++row) {
      for (index_t col = 0; col < side; ++col) {
        double grey = 0;
        double depth = -1e9;  // of the pixel in the deepest vessel
        for (const PlaneVessel& v : vessels) {
          const double h = kDrawnHalfWidth * v.radius * size;
          const double d = distance(static_cast<double>(row), static_cast<double>(col), v, size);
          grey = std::max(grey, std::clamp(h + 0.5 - d, 0.0, 1.0));
          depth = std::max(depth, h - d);
        }
        const auto at = static_cast<std::size_t>(row * side + col);
        REQUIRE(drawn.grey[at] == doctest::Approx(grey).epsilon(1e-6));
        if (std::abs(depth) > 1e-9) REQUIRE(drawn.mask[at] == (depth > 0 ? 1 : 0));
      }
    }
  }
}

TEST_CASE("images may be asked for one by one") {
  const std::vector<PlaneVessel> vessels{{0.1, 0.2, 0.8, 0.7, 0.02}, {0.9, 0.1, 0.2, 0.9, 0.01}};
  const Drawing both(vessels, 50);
  std::vector<std::uint8_t> mask(2500, 9);
  draw_vessels(vessels, {mask.data(), 50, 50}, {});
  CHECK(mask == both.mask);
  std::vector<float> grey(2500, 9.0F);
  draw_vessels(vessels, {}, {grey.data(), 50, 50});
  CHECK(grey == both.grey);
  draw_vessels(vessels, {}, {});
}

TEST_CASE("far and huge vessels are drawn as far as they are seen") {
  const Drawing away({{5, 5, 6, 6, 0.1}, {-1e6, 0, -1e6, 1, 0.1}}, 20);
  CHECK(std::ranges::count(away.mask, 0) == 400);
  CHECK(std::ranges::count(away.grey, 0.0F) == 400);
  const Drawing full({{0.5, 0.5, 0.5, 0.5, 1e6}}, 20);
  CHECK(std::ranges::count(full.mask, 1) == 400);
  const Drawing across({{-1e6, 0.5, 1e6, 0.5, 0.06}}, 20);
  CHECK(std::ranges::count(across.mask, 1) == 40);
}

TEST_CASE("means of blocks") {
  const std::vector<float> image{0, 1, 2, 3, 4, 5, 6, 7, 1, 1, 1, 1, 1, 1, 1, 5};
  std::vector<float> out(4);
  block_means({image.data(), 4, 4}, 2, {out.data(), 2, 2});
  CHECK(out == std::vector<float>{2.5F, 4.5F, 1, 2});
  CHECK_THROWS_AS(block_means({image.data(), 4, 4}, 3, {out.data(), 2, 2}), ShapeError);
  CHECK_THROWS_AS(block_means({image.data(), 4, 4}, 0, {out.data(), 2, 2}), ShapeError);
}

TEST_CASE("bad vessels and shapes are refused") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::uint8_t> mask(16);
  const ImageView view(mask.data(), 4, 4);
  for (const PlaneVessel bad : {PlaneVessel{kNan, 0, 0, 0, 1},
                                PlaneVessel{0, 0, 0, 2e6, 1},
                                PlaneVessel{0, 0, 0, 0, 0},
                                PlaneVessel{0, 0, 0, 0, kNan},
                                PlaneVessel{0, 0, 0, 0, 2e6}}) {
    CHECK_THROWS_AS(draw_vessels({&bad, 1}, view, {}), ValueError);
  }
  CHECK_THROWS_AS(draw_vessels({}, {mask.data(), 2, 8}, {}), ShapeError);
  std::vector<float> grey(9);
  CHECK_THROWS_AS(draw_vessels({}, view, {grey.data(), 3, 3}), ShapeError);
}

}  // namespace
}  // namespace gftcore
