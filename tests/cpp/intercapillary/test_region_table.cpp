// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/region_table.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "figures.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

using test::Labels;

constexpr double kPi = std::numbers::pi;
enum Column {
  kRow,
  kCol,
  kArea,
  kPerimeter,
  kEccentricity,
  kDiameter,
  kOrientation,
  kSolidity,
  kFeret,
  kExtent,
  kMajor,
  kMinor,
  kMax,
  kMean,
  kMin,
  kWeightedRow,
  kWeightedCol
};

RegionTable table_of(const Labels& labels, const IntensityView& intensity = {}) {
  RegionTable table;
  RegionScratch scratch;
  region_table(labels.view(), intensity, table, scratch);
  return table;
}

double value(const RegionTable& table, index_t region, Column column) {
  return table.values[static_cast<std::size_t>(region * table.num_columns + column)];
}

}  // namespace

TEST_CASE("region table: one pixel") {
  const RegionTable table = table_of({"...", "..1"});
  REQUIRE(table.num_regions() == 1);
  const std::vector<double> want = {1, 2, 1, 0, 0, std::sqrt(4.0 / kPi), -kPi / 4, 1, 1, 1, 0, 0};
  CHECK(table.values == want);
  CHECK(table.bbox == std::vector<std::int32_t>{1, 2, 2, 3});
  CHECK(table.touches_border[0] == 1);
}

TEST_CASE("region table: pixels on one line have no minor axis") {
  const RegionTable row = table_of({"1111"});
  CHECK(value(row, 0, kOrientation) == kPi / 2);
  CHECK(value(row, 0, kMajor) == doctest::Approx(4 * std::sqrt(1.25)).epsilon(1e-14));
  const RegionTable col = table_of({"1", "1", "1"});
  CHECK(value(col, 0, kOrientation) == 0.0);
  const RegionTable down = table_of({"1..", ".1.", "..1"});
  CHECK(value(down, 0, kOrientation) == kPi / 4);
  const RegionTable up = table_of({"..1", ".1.", "1.."});
  CHECK(value(up, 0, kOrientation) == -kPi / 4);
  const RegionTable steep = table_of({"1...", "....", ".1..", "....", "....", "....", "...1"});
  for (const RegionTable* table : {&row, &col, &down, &up, &steep}) {
    CHECK(value(*table, 0, kMinor) == 0.0);
    CHECK(value(*table, 0, kEccentricity) == 1.0);
  }
}

TEST_CASE("region table: ring with a hole and another region inside") {
  const RegionTable table =
      table_of({".......", ".11111.", ".1...1.", ".1.5.1.", ".1...1.", ".11111.", "......."});
  REQUIRE(table.label_id == std::vector<label_t>{1, 5});
  CHECK(value(table, 0, kArea) == 16);
  CHECK(value(table, 0, kRow) == 3);
  CHECK(value(table, 0, kPerimeter) == 16);
  CHECK(value(table, 0, kSolidity) == 16.0 / 25.0);
  CHECK(value(table, 0, kExtent) == 16.0 / 25.0);
  CHECK(value(table, 0, kEccentricity) == 0.0);
  CHECK(value(table, 0, kFeret) == doctest::Approx(std::sqrt(41.0)).epsilon(1e-15));
  CHECK(table.touches_border == std::vector<std::uint8_t>{0, 0});
  CHECK(value(table, 1, kArea) == 1);
}

TEST_CASE("region table: intensity, full size and coarse, every type") {
  const Labels labels = test::random_labels(12, 18, 3, 5);
  const std::vector<std::uint8_t> coarse = {0, 3, 250, 9, 4, 7,  100, 1,  255, 30, 20, 10,
                                            5, 6, 8,   2, 0, 11, 12,  13, 14,  15, 16, 17};
  std::vector<std::uint8_t> full(12 * 18);
  for (std::size_t i = 0; i < full.size(); ++i) full[i] = coarse[i / 18 / 3 * 6 + i % 18 / 3];
  const std::vector<std::uint16_t> u16(full.begin(), full.end());
  const std::vector<float> f32(full.begin(), full.end());
  const std::vector<double> f64(full.begin(), full.end());
  const std::vector<double> coarse_f64(coarse.begin(), coarse.end());
  const RegionTable want = table_of(labels, ImageView<const std::uint8_t>(full.data(), 12, 18));
  CHECK(want.num_columns == 17);

  double sum = 0.0;
  double col_sum = 0.0;
  for (std::size_t i = 0; i < full.size(); ++i) {
    if (labels.pixels[i] != 2) continue;
    sum += full[i];
    col_sum += full[i] * static_cast<double>(i % 18);
  }
  CHECK(value(want, 1, kMean) == doctest::Approx(sum / value(want, 1, kArea)).epsilon(1e-14));
  CHECK(value(want, 1, kWeightedCol) == doctest::Approx(col_sum / sum).epsilon(1e-14));
  CHECK(value(want, 1, kMin) <= value(want, 1, kMean));
  CHECK(value(want, 1, kMax) >= value(want, 1, kMean));

  CHECK(table_of(labels, ImageView<const std::uint8_t>(coarse.data(), 4, 6)).values == want.values);
  CHECK(table_of(labels, ImageView<const std::uint16_t>(u16.data(), 12, 18)).values == want.values);
  CHECK(table_of(labels, ImageView<const float>(f32.data(), 12, 18)).values == want.values);
  CHECK(table_of(labels, ImageView<const double>(f64.data(), 12, 18)).values == want.values);
  CHECK(table_of(labels, ImageView<const double>(coarse_f64.data(), 4, 6)).values == want.values);
}

TEST_CASE("region table: intensities that sum to nothing have no weighted centroid") {
  const std::vector<float> dark(3, 0.0F);
  const RegionTable table = table_of({"111"}, ImageView<const float>(dark.data(), 1, 3));
  CHECK(value(table, 0, kMean) == 0.0);
  CHECK(std::isnan(value(table, 0, kWeightedRow)));
  CHECK(std::isnan(value(table, 0, kWeightedCol)));
}

TEST_CASE("region table: 16-bit intensities do not overflow") {
  const Labels labels = [] {
    Labels all(2, 3000);
    all.pixels.assign(6000, 1);
    return all;
  }();
  const std::vector<std::uint16_t> bright(6000, 65535);
  const RegionTable table =
      table_of(labels, ImageView<const std::uint16_t>(bright.data(), 2, 3000));
  CHECK(value(table, 0, kMean) == 65535.0);
  CHECK(value(table, 0, kWeightedCol) == value(table, 0, kCol));
}

TEST_CASE("region table: intensity of another shape is refused") {
  const Labels labels(6, 4);
  const std::vector<double> image(24);
  CHECK_THROWS_AS(table_of(labels, ImageView<const double>(image.data(), 3, 4)), ShapeError);
  CHECK_THROWS_AS(table_of(labels, ImageView<const double>(image.data(), 4, 6)), ShapeError);
  CHECK_THROWS_AS(table_of(labels, ImageView<const double>(image.data(), 0, 0)), ShapeError);
}

TEST_CASE("region table: no regions, no pixels, labels without pixels") {
  CHECK(table_of(Labels(0, 0)).num_regions() == 0);
  CHECK(table_of(Labels(3, 0)).num_regions() == 0);
  CHECK(table_of(Labels(3, 4)).num_regions() == 0);
  Labelling runs;
  label_runs(Labels({"1.1.1"}).ones(), Connectivity::eight, runs);
  runs.label_of_run = {0, 3, 0};
  RegionTable table;
  RegionScratch scratch;
  region_table(runs, {}, table, scratch);
  CHECK(table.label_id == std::vector<label_t>{3});
}

TEST_CASE("region table: one region of 5000 x 5000") {
  BitImage bits(5000, 5000);
  BitImage ones;
  complement(bits, ones);
  Labelling runs;
  label_runs(ones, Connectivity::eight, runs);
  RegionTable table;
  RegionScratch scratch;
  region_table(runs, {}, table, scratch, Contact::none);
  CHECK(value(table, 0, kArea) == 25e6);
  CHECK(value(table, 0, kRow) == 2499.5);
  CHECK(value(table, 0, kPerimeter) == 4 * 4999);
  CHECK(value(table, 0, kSolidity) == 1.0);
  CHECK(value(table, 0, kFeret) == std::sqrt(2 * 4999.0 * 4999.0 + 2 * 4999.0 + 1));
  CHECK(value(table, 0, kMajor) == doctest::Approx(4 * std::sqrt((25e6 - 1) / 12)).epsilon(1e-14));
  CHECK(value(table, 0, kMinor) == doctest::Approx(value(table, 0, kMajor)).epsilon(1e-14));
}

TEST_CASE("region table: half a million single pixels") {
  Labels labels(1000, 1000);
  label_t next = 0;
  for (index_t r = 0; r < 1000; ++r) {
    for (index_t c = r % 2; c < 1000; c += 2) labels.at(r, c) = ++next;
  }
  const RegionTable table = table_of(labels);
  REQUIRE(table.num_regions() == 500000);
  CHECK(value(table, 499999, kArea) == 1);
  CHECK(value(table, 499999, kFeret) == 1);
}

TEST_CASE("region table: mirrored and transposed images give mirrored rows exactly") {
  const Labels labels = test::random_labels(20, 31, 2, 9);
  Labels turned(31, 20);
  for (index_t r = 0; r < 20; ++r) {
    for (index_t c = 0; c < 31; ++c) turned.at(c, r) = labels.get(r, c);
  }
  const RegionTable a = table_of(labels);
  const RegionTable b = table_of(turned);
  for (index_t i = 0; i < a.num_regions(); ++i) {
    CHECK(value(a, i, kRow) == value(b, i, kCol));
    for (const Column column :
         {kArea, kPerimeter, kEccentricity, kSolidity, kFeret, kExtent, kMajor, kMinor}) {
      CHECK(value(a, i, column) == value(b, i, column));
    }
  }
}

TEST_CASE("mark_excluded_contact: in it, or 8-adjacent to it") {
  Labelling runs;
  label_runs(Labels({".......", ".1...1.", "...1...", ".......", "......."}).ones(),
             Connectivity::eight,
             runs);
  RegionTable table;
  RegionScratch scratch;
  region_table(runs, {}, table, scratch);
  CHECK(table.touches_border == std::vector<std::uint8_t>{0, 0, 0});
  BitImage excluded(5, 7);
  excluded.set(2, 6);
  mark_excluded_contact(runs, excluded, table);
  CHECK(table.touches_border == std::vector<std::uint8_t>{0, 1, 0});
  excluded.set(4, 3);
  mark_excluded_contact(runs, excluded, table);
  CHECK(table.touches_border == std::vector<std::uint8_t>{0, 1, 0});
  excluded.set(2, 3);
  mark_excluded_contact(runs, excluded, table);
  CHECK(table.touches_border == std::vector<std::uint8_t>{0, 1, 1});
  CHECK_THROWS_AS(mark_excluded_contact(runs, BitImage(5, 6), table), ShapeError);
}

TEST_CASE("mark_excluded_contact: regions on the frame and on word borders") {
  Labels labels(3, 130);
  for (const index_t c : {0, 63, 65, 129}) labels.at(0, c) = 1;
  Labelling runs;
  label_runs(labels.ones(), Connectivity::eight, runs);
  RegionTable table;
  RegionScratch scratch;
  region_table(runs, {}, table, scratch);
  table.touches_border.assign(4, 0);
  BitImage excluded(3, 130);
  excluded.set(1, 64);
  mark_excluded_contact(runs, excluded, table);
  CHECK(table.touches_border == std::vector<std::uint8_t>{0, 1, 1, 0});
}

}  // namespace gftcore
