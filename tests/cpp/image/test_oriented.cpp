// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/line_strength.hpp"
#include "gftcore/image/oriented.hpp"
#include "gftcore/image/resize.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

GreyImage contrast(const GreyImage& image, double sigma, Target target = active_target()) {
  FilterScratch scratch;
  GreyImage out(image.rows, image.cols);
  relative_contrast(image.view(), sigma, out.view(), scratch, target);
  return out;
}

/// Block means averaged and enlarged, from the public parts; `map` changes the averaged means.
template <class Map>
GreyImage surroundings(const GreyImage& image, double sigma, Target target, Map map) {
  GreyImage blocks((image.rows + 3) / 4, (image.cols + 3) / 4);
  for (index_t r = 0; r < 4 * blocks.rows; ++r) {
    for (index_t c = 0; c < 4 * blocks.cols; ++c) {
      const float x = image.view()(mirrored_index(r, image.rows), mirrored_index(c, image.cols));
      blocks(r / 4, c / 4) += x / 16;
    }
  }
  double mean = 0;
  for (const float x : blocks.pixels) mean += double{x};
  mean /= static_cast<double>(blocks.pixels.size());
  FilterScratch scratch;
  gaussian_mean(blocks.view(), sigma / 4, blocks.view(), scratch, target);
  for (float& x : blocks.pixels) x = map(x, static_cast<float>(mean));
  GreyImage out(4 * blocks.rows, 4 * blocks.cols);
  resize_cubic(blocks.view(), 4, out.view(), scratch, target);
  return out;
}

TEST_CASE("contrast follows the definition, also where blocks are not full") {
  for (const auto& [rows, cols] : {std::array{1, 1}, {3, 9}, {16, 24}, {37, 66}}) {
    const GreyImage image = noise(rows, cols, 3);
    for (const Target target : available_targets()) {
      GreyImage mean = surroundings(image, 9.0, target, [](float x, float) { return x; });
      GreyImage difference(rows, cols);
      GreyImage square(rows, cols);
      for (index_t r = 0; r < rows; ++r) {
        for (index_t c = 0; c < cols; ++c) {
          difference(r, c) = image.view()(r, c) - mean(r, c);
          square(r, c) = difference(r, c) * difference(r, c);
        }
      }
      GreyImage gain = surroundings(square, 9.0, target, [](float local, float whole) {
        return 1 / std::sqrt((std::max(0.0F, local) + whole) / 2 + 1e-6F);
      });
      GreyImage out = contrast(image, 9.0, target);
      for (index_t r = 0; r < rows; ++r) {
        for (index_t c = 0; c < cols; ++c) {
          REQUIRE(out(r, c) == doctest::Approx(difference(r, c) * gain(r, c)).epsilon(1e-4));
        }
      }
    }
  }
}

TEST_CASE("a dim half of an image counts nearly as much as a bright one") {
  GreyImage image = noise(64, 128, 8);
  for (index_t r = 0; r < 64; ++r) {
    for (index_t c = 64; c < 128; ++c) image(r, c) *= 0.5F;
  }
  GreyImage out = contrast(image, 8.0);
  const auto spread = [&out](index_t from) {
    double sum = 0;
    for (index_t r = 0; r < 64; ++r) {
      for (index_t c = from; c < from + 32; ++c) sum += double{out(r, c)} * double{out(r, c)};
    }
    return std::sqrt(sum / (64 * 32));
  };
  CHECK(spread(96) > 0.6 * spread(0));
  CHECK(spread(96) < spread(0));
}

TEST_CASE("faint noise in a region without vessels stays small") {
  GreyImage image = noise(96, 96, 5);
  for (index_t r = 24; r < 72; ++r) {
    for (index_t c = 24; c < 72; ++c) image(r, c) = 0.1F * image(r, c);
  }
  GreyImage out = contrast(image, 6.0);
  float inside = 0;
  for (index_t r = 40; r < 56; ++r) {
    for (index_t c = 40; c < 56; ++c) inside = std::max(inside, std::abs(out(r, c)));
  }
  CHECK(inside < 0.4F);
  CHECK(*std::ranges::max_element(out.pixels) > 1.5F);
}

TEST_CASE("lines are two passes over the enlarged contrast, and image may be its memory") {
  const GreyImage image = noise(30, 41, 6);
  for (const Target target : available_targets()) {
    for (index_t scale = 1; scale <= kMaxScale; ++scale) {
      FilterScratch scratch;
      const index_t factor = oriented_scale(scale);
      CHECK(factor == (scale % 2 == 0 ? 2 : scale));
      GreyImage memory = image;
      const auto found = oriented_lines(memory.view(), 12.0, scale, memory.view(), scratch, target);
      REQUIRE(found.rows() == factor * 30);
      REQUIRE(found.cols() == factor * 41);
      const std::vector<float> lines(found.data(), found.data() + found.size());

      FilterScratch other;
      const GreyImage small = contrast(image, 12.0, target);
      CHECK(memory.pixels == small.pixels);
      GreyImage enlarged(factor * 30, factor * 41);
      GreyImage first = enlarged;
      LineOptions options{
          .sigma_px = 0.625 * static_cast<double>(factor), .step_px = factor, .gain = 3.0};
      resize_cubic(small.view(), factor, enlarged.view(), other, target);
      add_line_strength(enlarged.view(), options, first.view(), other, target);
      options.clip = true;
      options.slope = 2.0F;
      options.offset = -0.5F;
      add_line_strength(first.view(), options, enlarged.view(), other, target);
      CHECK(lines == enlarged.pixels);
    }
  }
}

TEST_CASE("zeros give zeros") {
  FilterScratch scratch;
  GreyImage image(9, 14);
  GreyImage memory(9, 14);
  const auto lines = oriented_lines(image.view(), 24.0, 4, memory.view(), scratch);
  CHECK(std::all_of(lines.data(), lines.data() + lines.size(), [](float x) { return x == 0; }));
}

TEST_CASE("shapes and sigmas are checked") {
  FilterScratch scratch;
  GreyImage image(4, 4);
  GreyImage wrong(4, 5);
  CHECK_THROWS_AS(relative_contrast(image.view(), 24, wrong.view(), scratch), ShapeError);
  CHECK_THROWS_AS(oriented_lines(image.view(), 24, 4, wrong.view(), scratch), ShapeError);
  CHECK_THROWS_AS(oriented_lines(image.view(), 24, 9, image.view(), scratch), ValueError);
  for (const double sigma : {0.0, 3.9, 257.0}) {
    CHECK_THROWS_AS(relative_contrast(image.view(), sigma, image.view(), scratch), ValueError);
  }
}

}  // namespace
}  // namespace gftcore
