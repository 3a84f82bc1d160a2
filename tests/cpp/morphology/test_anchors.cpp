// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <vector>

#include "../drawing.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "random_image.hpp"

namespace gftcore {
namespace {

using Pixels = std::vector<index_t>;

TEST_CASE("the middle pixel of each run, the earlier of two (exact)") {
  const BitImage mask = drawn({".###.##", "......#", "#......", ".......", "##..#.."});
  // Runs clockwise: 1..3 on top; 5, 6 and 13 around the corner; 32; 29 and 28; 14.
  CHECK(border_anchors(mask) == Pixels{2, 6, 14, 29, 32});
}

TEST_CASE("a run through (0, 0) is one run (exact)") {
  const BitImage mask = drawn({"##...", "#....", "#....", "#...."});
  // Clockwise from (3, 0): 15, 10, 5, 0, 1.
  CHECK(border_anchors(mask) == Pixels{5});
}

TEST_CASE("a frame without zeros, without ones, or too thin has no anchors (exact)") {
  CHECK(border_anchors(drawn({"###", "#.#", "###"})).empty());
  CHECK(border_anchors(drawn({"...", ".#.", "..."})).empty());
  CHECK(border_anchors(drawn({"#.#", "..#"})).empty());
  CHECK(border_anchors(drawn({"#.", ".#", "#."})).empty());
  CHECK(border_anchors(BitImage(0, 0)).empty());
  CHECK(border_anchors(full_image(1, 1)).empty());
  CHECK(border_anchors(full_image(64, 65)).empty());
}

TEST_CASE("one zero on the frame leaves one run (exact)") {
  BitImage mask = full_image(3, 3);
  mask.clear(0, 0);
  // Clockwise after (0, 0): 1, 2, 5, 8, 7, 6, 3.
  CHECK(border_anchors(mask) == Pixels{8});
}

}  // namespace
}  // namespace gftcore
