// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "../drawing.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "plain_thinning.hpp"
#include "random_image.hpp"

namespace gftcore {
namespace {

BitImage minimal(BitImage image, const std::vector<index_t>& anchors = {}) {
  minimal_pass(image, anchors);
  return image;
}

TEST_CASE("corners go, line ends, rings and single pixels stay (exact)") {
  CHECK(minimal(drawn({"#....", "#....", "#####"})) == drawn({"#....", "#....", ".####"}));
  const BitImage ring = drawn({".#.", "#.#", ".#."});
  CHECK(minimal(ring) == ring);
  const BitImage pair = drawn({"##...#"});
  CHECK(minimal(pair) == pair);
}

TEST_CASE("an anchor stays, whatever surrounds it (exact)") {
  const BitImage corner = drawn({"###", "#..", "#.."});
  CHECK_FALSE(minimal(corner).test(0, 0));
  CHECK(minimal(corner, {0}).test(0, 0));
}

TEST_CASE("equals whole sweeps in raster order, on any image (exact)") {
  std::mt19937 random(11);
  for (int trial = 0; trial < 300; ++trial) {
    const auto rows = 1 + static_cast<index_t>(random() % 40);
    const auto cols = 1 + static_cast<index_t>(random() % 140);
    const BitImage image = trial % 2 == 0 ? noise_image(rows, cols, 0.3 + 0.1 * (trial % 7), random)
                                          : disc_image(rows, cols, random);
    const std::vector<index_t> anchors = border_anchors(image);
    const std::vector<index_t> order = plain::raster_order(image);
    CHECK(minimal(image) == plain::sequential(image, order, {}));
    const BitImage anchored = minimal(image, anchors);
    CHECK(anchored == plain::sequential(image, order, anchors));
    CHECK(minimal(anchored, anchors) == anchored);
  }
}

TEST_CASE("full and empty images") {
  CHECK(minimal(BitImage(0, 0)).rows() == 0);
  CHECK(minimal(BitImage(0, 9)).cols() == 9);
  CHECK(minimal(BitImage(9, 70)).count() == 0);
  for (const index_t cols : {1, 63, 64, 65, 129}) {
    const BitImage full = full_image(20, cols);
    CHECK(minimal(full) == plain::sequential(full, plain::raster_order(full), {}));
  }
}

}  // namespace
}  // namespace gftcore
