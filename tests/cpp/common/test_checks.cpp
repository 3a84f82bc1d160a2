// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/image_view.hpp"

namespace gftcore {
namespace {

TEST_CASE("shapes that differ are named") {
  const ImageView<const std::uint8_t> mask(nullptr, 3, 4);
  const ImageView<const float> same(nullptr, 3, 4);
  const ImageView<const float> other(nullptr, 4, 3);
  CHECK_NOTHROW(require_same_shape(mask, "mask", same, "distance"));
  CHECK_THROWS_WITH_AS(require_same_shape(mask, "mask", other, "distance"),
                       "distance must have the shape of mask, (3, 4), got (4, 3)",
                       ShapeError);
}

TEST_CASE("sides are limited") {
  CHECK_NOTHROW(require_supported_size(0, 0, "mask"));
  CHECK_NOTHROW(require_supported_size(kMaxSide, kMaxSide, "mask"));
  CHECK_THROWS_AS(require_supported_size(kMaxSide + 1, 1, "mask"), ShapeError);
  CHECK_THROWS_AS(require_supported_size(1, kMaxSide + 1, "mask"), ShapeError);
}

TEST_CASE("the longest side keeps squared distances within 32 bits") {
  CHECK(2 * kMaxSide * kMaxSide <= INT32_MAX);
}

TEST_CASE("every error is an Error with its message") {
  CHECK(std::string(ShapeError("a").what()) == "a");
  CHECK_THROWS_AS(throw ShapeError("a"), Error);
  CHECK_THROWS_AS(throw ValueError("a"), Error);
  CHECK_THROWS_AS(throw UnavailableError("a"), Error);
}

}  // namespace
}  // namespace gftcore
