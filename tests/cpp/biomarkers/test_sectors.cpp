// SPDX-License-Identifier: Apache-2.0
#include "gftcore/biomarkers/sectors.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "../drawing.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

SectorCounts of(const std::array<SectorCounts, kSectors>& counts, Sector sector) {
  return counts[static_cast<std::size_t>(sector)];
}

BitImage all_on(index_t rows, index_t cols) {
  BitImage image(rows, cols);
  for (index_t r = 0; r < rows; ++r) {
    for (index_t c = 0; c < cols; ++c) image.set(r, c);
  }
  return image;
}

}  // namespace

TEST_CASE("sectors: a disc of one pixel and a ring of eight") {
  const BitImage image = drawn({"#.#", ".#.", "..#"});
  const auto counts = count_sectors(image, nullptr, {1.0, 1.0, 1.0, 1.5});
  CHECK(of(counts, Sector::centre).whole == 1);
  CHECK(of(counts, Sector::centre).vessel == 1);
  // Each quarter has the pixel at its middle and the corner that is first going clockwise.
  CHECK(of(counts, Sector::up).vessel == 1);
  CHECK(of(counts, Sector::right).vessel == 1);
  CHECK(of(counts, Sector::down).vessel == 1);
  CHECK(of(counts, Sector::left).vessel == 0);
  for (const Sector s : {Sector::up, Sector::right, Sector::down, Sector::left}) {
    CHECK(of(counts, s).whole == 2);
    CHECK(of(counts, s).valid == 2);
  }
}

TEST_CASE("sectors: quarters of a ring are equal, whatever the word they lie in") {
  const BitImage image = all_on(300, 300);
  for (const double col : {120.0, 127.0, 128.0, 149.0, 191.0}) {
    const auto counts = count_sectors(image, nullptr, {150.0, col, 20.0, 90.0});
    const index_t quarter = of(counts, Sector::up).whole;
    for (const Sector s : {Sector::up, Sector::right, Sector::down, Sector::left}) {
      CHECK(of(counts, s).whole == quarter);
      CHECK(of(counts, s).valid == quarter);
      CHECK(of(counts, s).vessel == quarter);
    }
  }
}

TEST_CASE("sectors: excluded pixels and those outside are no valid ones") {
  const BitImage image = all_on(64, 64);
  BitImage excluded(64, 64);
  for (index_t c = 0; c < 64; ++c) excluded.set(10, c);
  const auto counts = count_sectors(image, &excluded, {0.0, 31.5, 4.0, 30.0});
  CHECK(of(counts, Sector::up).valid == 0);
  CHECK(of(counts, Sector::up).whole > 0);
  const SectorCounts down = of(counts, Sector::down);
  CHECK(down.whole - down.valid == 20);  // columns 22 to 41 of row 10
  CHECK(down.vessel == down.valid);
  const auto far = count_sectors(image, nullptr, {-500.0, 900.0, 4.0, 30.0});
  for (const SectorCounts& part : far) CHECK(part.valid == 0);
  CHECK(of(far, Sector::up).whole > 0);
}

TEST_CASE("sectors: a position between the multiples of 1/16 px is rounded to even") {
  const BitImage image = all_on(20, 20);
  const auto at = [&](double row) { return count_sectors(image, nullptr, {row, 10.0, 3.0, 6.0}); };
  const auto same = [](const auto& a, const auto& b) {
    for (std::size_t i = 0; i < kSectors; ++i) {
      if (a[i].whole != b[i].whole || a[i].vessel != b[i].vessel) return false;
    }
    return true;
  };
  CHECK(same(at(10.0 + 1.0 / 32), at(10.0)));
  CHECK_FALSE(same(at(10.0 + 3.0 / 32), at(10.0)));
}

TEST_CASE("sectors: other places are refused") {
  const BitImage image(4, 4);
  CHECK_THROWS_AS(count_sectors(image, nullptr, {kInfinity, 0, 1, 2}), ValueError);
  CHECK_THROWS_AS(count_sectors(image, nullptr, {0, -kInfinity, 1, 2}), ValueError);
  CHECK_THROWS_AS(count_sectors(image, nullptr, {0, 0, 0, 2}), ValueError);
  CHECK_THROWS_AS(count_sectors(image, nullptr, {0, 0, 2, 1}), ValueError);
  CHECK_THROWS_AS(count_sectors(image, nullptr, {0, 0, 1, 2e6}), ValueError);
  const BitImage other(4, 5);
  CHECK_THROWS_AS(count_sectors(image, &other, {0, 0, 1, 2}), ShapeError);
}

}  // namespace gftcore
