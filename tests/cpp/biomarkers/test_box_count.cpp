// SPDX-License-Identifier: Apache-2.0
#include "gftcore/biomarkers/box_count.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "../drawing.hpp"
#include "../morphology/random_image.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

std::vector<index_t> boxes(const BitImage& image, const std::vector<index_t>& sides) {
  BoxScratch scratch;
  return count_boxes(image, sides, scratch);
}

index_t occupied(const BitImage& image, index_t side) {
  index_t count = 0;
  for (index_t r = 0; r < image.rows(); r += side) {
    for (index_t c = 0; c < image.cols(); c += side) {
      bool any = false;
      for (index_t i = 0; i < side * side; ++i) any |= image.test(r + i / side, c + i % side);
      count += any ? 1 : 0;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("boxes: a drawn image") {
  const BitImage image = drawn({"#...", "....", "..##", "...#"});
  CHECK(boxes(image, {1, 2, 4}) == std::vector<index_t>{4, 2, 1});
  CHECK(boxes(image, {4}) == std::vector<index_t>{1});
  CHECK(boxes(BitImage(4, 8), {1, 2, 4}) == std::vector<index_t>{0, 0, 0});
  CHECK(boxes(image, {}).empty());
}

TEST_CASE("boxes: every way to make one size of another, with reused memory") {
  BoxScratch scratch;
  std::mt19937 random(7);
  for (const auto& [rows, cols] : {std::pair<index_t, index_t>{192, 384}, {144, 216}, {30, 450}}) {
    const BitImage image = noise_image(rows, cols, 0.02, random);
    std::vector<index_t> sides;
    for (index_t side = 1; side <= 72; ++side) {
      if (rows % side == 0 && cols % side == 0) sides.push_back(side);
    }
    const auto counts = count_boxes(image, sides, scratch);
    for (std::size_t i = 0; i < sides.size(); ++i) CHECK(counts[i] == occupied(image, sides[i]));
  }
}

TEST_CASE("boxes: other sizes are refused") {
  const BitImage image(8, 12);
  CHECK_THROWS_AS(boxes(image, {0}), ValueError);
  CHECK_THROWS_AS(boxes(image, {3}), ValueError);
  CHECK_THROWS_AS(boxes(image, {8}), ValueError);
  CHECK_THROWS_AS(boxes(image, {2, 2}), ValueError);
  CHECK_THROWS_AS(boxes(BitImage(0, 4), {1}), ShapeError);
}

}  // namespace gftcore
