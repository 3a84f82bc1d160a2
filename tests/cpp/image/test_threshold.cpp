// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "gftcore/common/error.hpp"
#include "gftcore/image/threshold.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

TEST_CASE("the quantile is the order statistic, exactly") {
  ThresholdScratch scratch;
  for (const index_t size : {1, 2, 3, 100, 5000}) {
    GreyImage values = noise(1, size, 8);
    for (index_t i = 0; i < size; i += 3) values(0, i) = 0;        // many equal ones
    for (index_t i = 1; i < size; i += 5) values(0, i) -= 0.5F;    // negative ones
    for (index_t i = 2; i < size; i += 7) values(0, i) *= 1e-30F;  // tiny ones
    std::vector<float> sorted = values.pixels;
    std::ranges::sort(sorted);
    for (const double q : {0.0, 0.1, 0.5, 0.65, 0.999, 1.0}) {
      const auto k = static_cast<std::size_t>(std::floor(q * static_cast<double>(size - 1)));
      CHECK(quantile_threshold(values.pixels, q, scratch) == sorted[k]);
    }
  }
  CHECK_THROWS_AS(quantile_threshold({}, 0.5, scratch), ValueError);
  const std::vector<float> one{1.0F};
  CHECK_THROWS_AS(quantile_threshold(one, 1.1, scratch), ValueError);
  CHECK_THROWS_AS(quantile_threshold(one, -0.1, scratch), ValueError);
}

TEST_CASE("both zeros count as equal") {
  ThresholdScratch scratch;
  const std::vector<float> values{0.0F, -0.0F, 0.0F, -1.0F, 1.0F};
  CHECK(quantile_threshold(values, 0.5, scratch) == 0.0F);
  CHECK(quantile_threshold(values, 0.0, scratch) == -1.0F);
  CHECK(quantile_threshold(values, 1.0, scratch) == 1.0F);
}

TEST_CASE("Otsu cuts between two clusters, in the centre of the lowest best bin") {
  std::vector<float> values(100, 0.0F);
  values.insert(values.end(), 50, 256.0F);
  CHECK(otsu_threshold(values) == doctest::Approx(0.5));
  CHECK(otsu_threshold(std::vector<float>(5, 3.0F)) == 3.0);
  CHECK_THROWS_AS(otsu_threshold({}), ValueError);
}

TEST_CASE("foreground is strictly above, on every target and width") {
  for (const index_t cols : {1, 7, 16, 63, 64, 65, 130}) {
    GreyImage values = noise(3, cols, 9);
    values(1, 0) = 0.5F;
    for (const Target target : available_targets()) {
      BitImage mask;
      above(values.view(), 0.5, mask, target);
      REQUIRE(mask.rows() == 3);
      REQUIRE(mask.cols() == cols);
      for (index_t r = 0; r < 3; ++r) {
        for (index_t c = 0; c < cols; ++c) REQUIRE(mask.test(r, c) == (values(r, c) > 0.5F));
        CHECK((mask.row(r)[mask.used_words() - 1] & ~mask.last_word_mask()) == 0);
      }
    }
  }
}

TEST_CASE("a threshold between two floats is not rounded up") {
  GreyImage values(1, 2);
  values.pixels = {1.0F, std::nextafter(1.0F, 2.0F)};
  BitImage mask;
  above(values.view(), std::nextafter(1.0, 0.0), mask);
  CHECK(mask.count() == 2);
  above(values.view(), std::nextafter(1.0, 2.0), mask);
  CHECK(mask.count() == 1);
  above(values.view(), double{values.pixels[1]} - 1e-12, mask);
  CHECK(mask.count() == 1);
}

}  // namespace
}  // namespace gftcore
