// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/perimeter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "figures.hpp"
#include "gftcore/intercapillary/region_runs.hpp"

namespace gftcore {
namespace {

using test::Labels;

bool on_contour(const Labels& labels, index_t r, index_t c, label_t label) {
  if (labels.get(r, c) != label) return false;
  return labels.get(r - 1, c) != label || labels.get(r + 1, c) != label ||
         labels.get(r, c - 1) != label || labels.get(r, c + 1) != label;
}

/// The published table of weights, pixel by pixel.
double slow_perimeter(const Labels& labels, label_t label) {
  double sum = 0.0;
  for (index_t r = 0; r < labels.rows; ++r) {
    for (index_t c = 0; c < labels.cols; ++c) {
      int code = 0;
      for (index_t dr = -1; dr <= 1; ++dr) {
        for (index_t dc = -1; dc <= 1; ++dc) {
          const int weight = dr == 0 && dc == 0 ? 1 : dr == 0 || dc == 0 ? 2 : 10;
          if (on_contour(labels, r + dr, c + dc, label)) code += weight;
        }
      }
      if (code == 5 || code == 7 || code == 15 || code == 17 || code == 25 || code == 27) sum += 1;
      if (code == 21 || code == 33) sum += std::sqrt(2.0);
      if (code == 13 || code == 23) sum += (1.0 + std::sqrt(2.0)) / 2.0;
    }
  }
  return sum;
}

std::vector<ContourCounts> count(const Labelling& runs, Contact contact, Target target) {
  std::vector<ContourCounts> counts(static_cast<std::size_t>(runs.count));
  ContourScratch scratch;
  count_contours(runs, contact, counts, scratch, target);
  return counts;
}

void check(const Labels& labels) {
  Labelling runs;
  std::vector<label_t> label_id;
  region_runs(labels.view(), runs, label_id);
  for (const Target target : available_targets()) {
    const auto counts = count(runs, Contact::possible, target);
    for (std::size_t i = 0; i < label_id.size(); ++i) {
      CHECK(perimeter_px(counts[i]) ==
            doctest::Approx(slow_perimeter(labels, label_id[i])).epsilon(1e-12));
    }
  }
}

}  // namespace

TEST_CASE("perimeter: drawn figures") {
  check(Labels{"1"});
  check(Labels{"111"});
  check(Labels{"11", "11"});
  check(Labels{"1112", "1.12", "1112"});
  check(Labels{"1..", ".1.", "..1"});
  check(Labels{"12..", "21..", "..12", "..21"});
  check(Labels{".....", ".111.", ".121.", ".111.", "....."});
}

TEST_CASE("perimeter: equals the definition for touching regions across word borders") {
  std::uint32_t seed = 1;
  for (const index_t cols : {1, 2, 63, 64, 65, 130}) {
    for (const label_t largest : {1, 2, 4}) check(test::random_labels(9, cols, largest, seed++));
  }
}

TEST_CASE("perimeter: regions apart need no links, on every target") {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const Labels labels = test::random_labels(30, 200, 1, seed);
    Labelling runs;
    label_runs(labels.ones(), Connectivity::eight, runs);
    CHECK_FALSE(regions_touch(runs));
    const auto slow = count(runs, Contact::possible, Target::scalar);
    for (const Target target : available_targets()) {
      const auto fast = count(runs, Contact::none, target);
      const bool equal = std::ranges::equal(fast, slow, [](const auto& a, const auto& b) {
        return a.straight == b.straight && a.diagonal == b.diagonal && a.mixed == b.mixed;
      });
      CHECK(equal);
    }
  }
}

TEST_CASE("perimeter: contact is seen along sides and corners, not across a gap") {
  const auto touch = [](const Labels& labels) {
    Labelling runs;
    std::vector<label_t> label_id;
    region_runs(labels.view(), runs, label_id);
    return regions_touch(runs);
  };
  CHECK(touch({"12"}));
  CHECK(touch({"1", "2"}));
  CHECK(touch({"1.", ".2"}));
  CHECK(touch({".1", "2."}));
  CHECK_FALSE(touch({"1.2"}));
  CHECK_FALSE(touch({"1", ".", "2"}));
  CHECK_FALSE(touch({"1..", "..2"}));
  CHECK_FALSE(touch({"11", "11"}));
}

TEST_CASE("perimeter: runs with label 0 belong to no region") {
  Labelling runs;
  std::vector<label_t> label_id;
  region_runs(Labels({"1122"}).view(), runs, label_id);
  runs.label_of_run[1] = 0;
  runs.count = 1;
  const auto counts = count(runs, Contact::possible, Target::scalar);
  CHECK(perimeter_px(counts[0]) == doctest::Approx(slow_perimeter(Labels({"11.."}), 1)));
}

}  // namespace gftcore
