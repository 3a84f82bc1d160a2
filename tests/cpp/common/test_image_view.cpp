// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <type_traits>

#include "gftcore/common/image_view.hpp"

namespace gftcore {
namespace {

TEST_CASE("pixels lie row by row in the owner's memory") {
  std::array<int, 6> pixels{0, 1, 2, 3, 4, 5};
  const ImageView<int> view(pixels.data(), 2, 3);
  CHECK(view.size() == 6);
  CHECK(view(1, 0) == 3);
  CHECK(view.row(1) == pixels.data() + 3);
  view(0, 2) = 9;
  CHECK(pixels[2] == 9);
}

TEST_CASE("a mutable view reads as a constant one, not the other way round") {
  std::array<int, 2> pixels{7, 8};
  const ImageView<const int> view = ImageView<int>(pixels.data(), 1, 2);
  CHECK(view(0, 1) == 8);
  CHECK(std::is_convertible_v<ImageView<int>, ImageView<const int>>);
  CHECK_FALSE(std::is_convertible_v<ImageView<const int>, ImageView<int>>);
}

TEST_CASE("the view of nothing") {
  const ImageView<int> view;
  CHECK(view.data() == nullptr);
  CHECK(view.size() == 0);
}

}  // namespace
}  // namespace gftcore
