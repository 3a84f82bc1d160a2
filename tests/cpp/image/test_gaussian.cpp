// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>

#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

double moment(const std::vector<double>& taps, int power) {
  const auto reach = static_cast<double>(taps.size() / 2);
  double sum = 0;
  for (std::size_t i = 0; i < taps.size(); ++i) {
    sum += taps[i] * std::pow(static_cast<double>(i) - reach, power);
  }
  return sum;
}

/// By the definition, in double.
GreyImage mean_by_definition(const GreyImage& image, double sigma) {
  const auto taps = gaussian_taps(sigma, 0);
  const index_t reach = gaussian_reach(sigma);
  GreyImage out(image.rows, image.cols);
  for (index_t r = 0; r < image.rows; ++r) {
    for (index_t c = 0; c < image.cols; ++c) {
      double sum = 0;
      for (index_t y = -reach; y <= reach; ++y) {
        for (index_t x = -reach; x <= reach; ++x) {
          sum += taps[static_cast<std::size_t>(y + reach)] *
                 taps[static_cast<std::size_t>(x + reach)] *
                 double{image.view()(mirrored_index(r + y, image.rows),
                                     mirrored_index(c + x, image.cols))};
        }
      }
      out(r, c) = static_cast<float>(sum);
    }
  }
  return out;
}

TEST_CASE("taps are exact on polynomials up to degree two") {
  for (const double sigma : {0.1, 0.5, 1.0, 3.0, 4.5, 12.0, 256.0}) {
    CAPTURE(sigma);
    const auto reach = static_cast<std::size_t>(gaussian_reach(sigma));
    CHECK(reach == static_cast<std::size_t>(std::ceil(4 * sigma)));
    const auto mean = gaussian_taps(sigma, 0);
    const auto slope = gaussian_taps(sigma, 1);
    const auto curve = gaussian_taps(sigma, 2);
    CHECK(mean.size() == 2 * reach + 1);
    CHECK(moment(mean, 0) == doctest::Approx(1));
    CHECK(moment(slope, 0) == doctest::Approx(0));
    CHECK(moment(slope, 1) == doctest::Approx(1));
    CHECK(std::abs(moment(curve, 0)) < 1e-12);
    CHECK(std::abs(moment(curve, 1)) < 1e-10);
    CHECK(moment(curve, 2) == doctest::Approx(2));
  }
}

TEST_CASE("small sigmas give central differences") {
  const auto slope = gaussian_taps(0.1, 1);
  const auto curve = gaussian_taps(0.1, 2);
  CHECK(slope[0] == doctest::Approx(-0.5));
  CHECK(slope[1] == 0);
  CHECK(slope[2] == doctest::Approx(0.5));
  CHECK(curve[0] == doctest::Approx(1));
  CHECK(curve[1] == doctest::Approx(-2));
}

TEST_CASE("sigmas and orders out of range are refused") {
  for (const double sigma : {0.0, -1.0, 0.09, 257.0, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(gaussian_taps(sigma, 0), ValueError);
  }
  CHECK_THROWS_AS(gaussian_taps(1, 3), ValueError);
  CHECK_THROWS_AS(gaussian_taps(1, -1), ValueError);
}

TEST_CASE("the mean follows the definition on every target, also in place") {
  FilterScratch scratch;
  for (const auto& [rows, cols] : {std::array{1, 1}, {1, 7}, {5, 1}, {3, 20}, {33, 70}}) {
    const GreyImage image = noise(rows, cols, 1);
    for (const double sigma : {0.5, 2.0}) {
      const GreyImage expected = mean_by_definition(image, sigma);
      for (const Target target : available_targets()) {
        GreyImage out(rows, cols);
        gaussian_mean(image.view(), sigma, out.view(), scratch, target);
        for (std::size_t i = 0; i < out.pixels.size(); ++i) {
          REQUIRE(std::abs(out.pixels[i] - expected.pixels[i]) < 1e-6F);
        }
        GreyImage inplace = image;
        gaussian_mean(inplace.view(), sigma, inplace.view(), scratch, target);
        CHECK(inplace.pixels == out.pixels);
      }
    }
  }
}

TEST_CASE("no pixels are fine, shapes must agree") {
  FilterScratch scratch;
  GreyImage none(0, 5);
  CHECK_NOTHROW(gaussian_mean(none.view(), 1, none.view(), scratch));
  GreyImage image(4, 5);
  GreyImage other(5, 4);
  CHECK_THROWS_AS(gaussian_mean(image.view(), 1, other.view(), scratch), ShapeError);
}

}  // namespace
}  // namespace gftcore
