// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/local_contrast.hpp"
#include "gftcore/image/resize.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

TEST_CASE("contrast is the image minus its mean, enlarged; memory may be the image") {
  FilterScratch scratch;
  const GreyImage image = noise(30, 41, 5);
  for (const Target target : available_targets()) {
    GreyImage difference(30, 41);
    gaussian_mean(image.view(), 4, difference.view(), scratch, target);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      difference.pixels[i] = image.pixels[i] - difference.pixels[i];
    }
    GreyImage expected(90, 123);
    resize_cubic(difference.view(), 3, expected.view(), scratch, target);

    GreyImage memory = image;
    GreyImage out(90, 123);
    local_contrast(memory.view(), 4, 3, memory.view(), out.view(), scratch, target);
    CHECK(out.pixels == expected.pixels);
  }
}

TEST_CASE("zeros give zeros; a bright pixel is positive, its surroundings negative") {
  FilterScratch scratch;
  GreyImage image(21, 21);
  GreyImage memory(21, 21);
  GreyImage out(21, 21);
  local_contrast(image.view(), 3, 1, memory.view(), out.view(), scratch);
  CHECK(std::ranges::all_of(out.pixels, [](float x) { return x == 0; }));
  image(10, 10) = 1;
  local_contrast(image.view(), 3, 1, memory.view(), out.view(), scratch);
  CHECK(out(10, 10) > 0.9F);
  CHECK(out(10, 12) < 0);
}

TEST_CASE("shapes and options are checked") {
  FilterScratch scratch;
  GreyImage image(4, 4);
  GreyImage out(16, 16);
  CHECK_THROWS_AS(local_contrast(image.view(), 3, 4, out.view(), out.view(), scratch), ShapeError);
  CHECK_THROWS_AS(local_contrast(image.view(), 0, 4, image.view(), out.view(), scratch),
                  ValueError);
}

}  // namespace
}  // namespace gftcore
