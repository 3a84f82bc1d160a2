// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "gftcore/common/error.hpp"
#include "gftcore/image/normalise.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

TEST_CASE("the range becomes 0 to 1, however large") {
  constexpr float kMost = std::numeric_limits<float>::max();
  GreyImage image(1, 3);
  image.pixels = {-kMost, 0, kMost};
  min_max(image.view(), image.view());
  CHECK(image.pixels == std::vector<float>{0, 0.5F, 1});
  image.pixels = {7, 11, 15};
  min_max(image.view(), image.view());
  CHECK(image.pixels == std::vector<float>{0, 0.5F, 1});
}

TEST_CASE("one value becomes zeros") {
  GreyImage image(2, 2, 3.0F);
  min_max(image.view(), image.view());
  CHECK(image.pixels == std::vector<float>(4, 0.0F));
}

TEST_CASE("the first pixel that is not finite is named") {
  GreyImage image(2, 3);
  image(1, 2) = std::numeric_limits<float>::infinity();
  image(1, 1) = std::numeric_limits<float>::quiet_NaN();
  const auto message = [&] {
    try {
      min_max(image.view(), image.view());
    } catch (const ValueError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(message() == "image must be finite, got nan at (1, 1)");
}

TEST_CASE("local mean becomes about 0, local deviation about 1, whatever the lighting") {
  GreyImage image = noise(120, 120, 4);
  for (index_t r = 0; r < image.rows; ++r) {
    for (index_t c = 0; c < image.cols; ++c) {
      image(r, c) = image(r, c) * (0.1F + 0.004F * static_cast<float>(c)) + 0.1F;
    }
  }
  FilterScratch scratch;
  for (const Target target : available_targets()) {
    GreyImage out(image.rows, image.cols);
    local_normalise(image.view(), 6.0, 1e-3F, out.view(), scratch, target);
    for (const index_t first : {0, 60}) {
      double sum = 0;
      double squares = 0;
      for (index_t r = 0; r < 120; ++r) {
        for (index_t c = first; c < first + 60; ++c) {
          sum += double{out(r, c)};
          squares += double{out(r, c)} * double{out(r, c)};
        }
      }
      CHECK(std::abs(sum / 7200) < 0.03);
      CHECK(std::abs(std::sqrt(squares / 7200) - 1) < 0.1);
    }
  }
}

}  // namespace
}  // namespace gftcore
