// SPDX-License-Identifier: Apache-2.0
#include "gftcore/common/bit_image.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

std::vector<std::uint8_t> noise(index_t rows, index_t cols, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(rows * cols));
  for (auto& pixel : pixels) pixel = random() % 3 == 0 ? 0 : static_cast<std::uint8_t>(random());
  return pixels;
}

void check_round_trip(index_t rows, index_t cols) {
  const auto pixels = noise(rows, cols, static_cast<unsigned>(rows * 1000 + cols));
  BitImage bits;
  pack({pixels.data(), rows, cols}, bits);
  std::vector<std::uint8_t> back(pixels.size(), 7);
  unpack(bits, {back.data(), rows, cols});
  index_t ones = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    REQUIRE(back[i] == (pixels[i] != 0 ? 1 : 0));
    ones += back[i];
  }
  CHECK(bits.count() == ones);
  BitImage off;
  complement(bits, off);
  CHECK(off.count() == rows * cols - ones);
}

TEST_CASE("pack and unpack are inverse for every width around a word and a vector") {
  for (const index_t cols : {0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 511, 512, 513}) {
    for (const index_t rows : {0, 1, 3}) check_round_trip(rows, cols);
  }
}

TEST_CASE("guards around the image are zero, also after reuse for a smaller image") {
  BitImage bits(9, 700);
  for (index_t r = 0; r < 9; ++r) {
    for (index_t c = 0; c < 700; ++c) bits.set(r, c);
  }
  bits.reset(3, 5);
  for (index_t r = -1; r <= 3; ++r) {
    for (index_t k = -1; k <= bits.words(); ++k) CHECK(bits.row(r)[k] == 0);
  }
  CHECK_FALSE(bits.test(-1, -1));
  CHECK_FALSE(bits.test(3, 5));
}

TEST_CASE("copies compare equal and are independent") {
  BitImage a(2, 70);
  a.set(1, 69);
  BitImage b = a;
  CHECK(a == b);
  b.clear(1, 69);
  CHECK_FALSE(a == b);
  CHECK_FALSE(a == BitImage(70, 2));
}

TEST_CASE("unpack refuses another shape") {
  const BitImage bits(2, 3);
  std::vector<std::uint8_t> out(6);
  CHECK_THROWS_AS(unpack(bits, {out.data(), 3, 2}), ShapeError);
}

}  // namespace
}  // namespace gftcore
