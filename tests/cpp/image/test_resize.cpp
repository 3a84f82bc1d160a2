// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "gftcore/common/error.hpp"
#include "gftcore/image/resize.hpp"
#include "gftcore/image/threshold.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

GreyImage resized(const GreyImage& image, index_t scale, Target target = active_target()) {
  GreyImage out(image.rows * scale, image.cols * scale);
  FilterScratch scratch;
  resize_cubic(image.view(), scale, out.view(), scratch, target);
  return out;
}

double kernel(double x) {
  x = std::abs(x);
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

/// One output pixel by the definition.
double by_definition(const GreyImage& image, index_t scale, index_t r, index_t c) {
  const auto position = [&](index_t i) {
    return (static_cast<double>(i) + 0.5) / static_cast<double>(scale) - 0.5;
  };
  const double y = position(r);
  const double x = position(c);
  const auto top = static_cast<index_t>(std::floor(y)) - 1;
  const auto left = static_cast<index_t>(std::floor(x)) - 1;
  double sum = 0;
  for (index_t i = top; i < top + 4; ++i) {
    for (index_t j = left; j < left + 4; ++j) {
      sum += kernel(y - static_cast<double>(i)) * kernel(x - static_cast<double>(j)) *
             double{image.view()(mirrored_index(i, image.rows), mirrored_index(j, image.cols))};
    }
  }
  return sum;
}

TEST_CASE("every target and scale follows the definition, also on tiny images") {
  for (const auto& [rows, cols] : {std::array{1, 1}, {1, 4}, {2, 3}, {9, 1}, {7, 67}, {70, 16}}) {
    const GreyImage image = noise(rows, cols, 2);
    for (index_t scale = 1; scale <= kMaxScale; ++scale) {
      for (const Target target : available_targets()) {
        GreyImage out = resized(image, scale, target);
        double worst = 0;
        for (index_t r = 0; r < out.rows; ++r) {
          for (index_t c = 0; c < out.cols; ++c) {
            const double error = double{out(r, c)} - by_definition(image, scale, r, c);
            worst = std::max(worst, std::abs(error));
          }
        }
        CAPTURE(rows);
        CAPTURE(cols);
        CAPTURE(scale);
        CHECK(worst < 1e-6);
      }
    }
  }
}

TEST_CASE("scale 1 copies") {
  const GreyImage image = noise(13, 29, 3);
  for (const Target target : available_targets()) {
    CHECK(resized(image, 1, target).pixels == image.pixels);
  }
}

TEST_CASE("bits above a threshold are those of the enlarged image") {
  FilterScratch scratch;
  for (const auto& [rows, cols] : {std::array{1, 1}, {2, 3}, {9, 16}, {7, 67}, {40, 131}}) {
    const GreyImage image = noise(rows, cols, 7);
    for (index_t scale = 1; scale <= kMaxScale; ++scale) {
      for (const Target target : available_targets()) {
        BitImage expected;
        above(resized(image, scale, target).view(), 0.47, expected, target);
        BitImage mask;
        resize_cubic_above(image.view(), scale, 0.47, mask, scratch, target);
        CAPTURE(scale);
        CHECK(mask == expected);
      }
    }
  }
}

TEST_CASE("scales, empty images and outputs of another size are refused") {
  FilterScratch scratch;
  GreyImage image(3, 4);
  GreyImage out(12, 16);
  CHECK_THROWS_AS(resize_cubic(image.view(), 0, out.view(), scratch), ValueError);
  CHECK_THROWS_AS(resize_cubic(image.view(), 9, out.view(), scratch), ValueError);
  CHECK_THROWS_AS(resize_cubic(image.view(), 3, out.view(), scratch), ShapeError);
  GreyImage none(0, 4);
  GreyImage none_out(0, 16);
  CHECK_THROWS_AS(resize_cubic(none.view(), 4, none_out.view(), scratch), ShapeError);
  GreyImage wide(1, 8192);
  CHECK_THROWS_AS(require_scalable(wide.view(), 4, "image"), ShapeError);
  CHECK_NOTHROW(require_scalable(wide.view(), 3, "image"));
}

}  // namespace
}  // namespace gftcore
