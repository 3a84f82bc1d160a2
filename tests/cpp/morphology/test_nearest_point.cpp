// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/morphology/nearest_point.hpp"
#include "random_image.hpp"

namespace gftcore {
namespace {

using Pixels = std::vector<std::int32_t>;

Pixels run(const BitImage& vessels, const Pixels& points, Target target) {
  Labelling components;
  label_runs(vessels, Connectivity::eight, components);
  Pixels out(static_cast<std::size_t>(vessels.rows() * vessels.cols()), -7);
  NearestScratch scratch;
  nearest_point(
      vessels, components, points, {out.data(), vessels.rows(), vessels.cols()}, scratch, target);
  return out;
}

Pixels brute(const BitImage& vessels, const Pixels& points) {
  Labelling components;
  label_runs(vessels, Connectivity::eight, components);
  Pixels label(static_cast<std::size_t>(vessels.rows() * vessels.cols()));
  paint(components, {label.data(), vessels.rows(), vessels.cols()});
  Pixels out;
  for (index_t r = 0; r < vessels.rows(); ++r) {
    for (index_t c = 0; c < vessels.cols(); ++c) {
      const std::int32_t own = label[out.size()];
      index_t best = std::numeric_limits<index_t>::max();
      std::int32_t winner = -1;
      for (std::size_t id = 0; own != 0 && id < points.size(); ++id) {
        if (label[static_cast<std::size_t>(points[id])] != own) continue;
        const index_t dr = points[id] / vessels.cols() - r;
        const index_t dc = points[id] % vessels.cols() - c;
        if (dr * dr + dc * dc >= best) continue;
        best = dr * dr + dc * dc;
        winner = static_cast<std::int32_t>(id);
      }
      out.push_back(winner);
    }
  }
  return out;
}

void check_all_targets(const BitImage& vessels, const Pixels& points) {
  const Pixels expected = brute(vessels, points);
  for (const Target target : available_targets()) {
    CAPTURE(std::string(name(target)));
    CHECK(run(vessels, points, target) == expected);
  }
}

Pixels random_points(const BitImage& image, std::size_t count, std::mt19937& random) {
  Pixels points;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back(
        static_cast<std::int32_t>(random() % static_cast<unsigned>(image.rows() * image.cols())));
  }
  return points;
}

TEST_CASE("ties go to the lower id, whatever the order in space (exact)") {
  const BitImage vessels = full_image(1, 5);
  for (const Target target : available_targets()) {
    CHECK(run(vessels, {0, 4}, target) == Pixels{0, 0, 0, 1, 1});
    CHECK(run(vessels, {4, 0}, target) == Pixels{1, 1, 0, 0, 0});
    CHECK(run(vessels, {2, 2}, target) == Pixels{0, 0, 0, 0, 0});
  }
}

TEST_CASE("a nearer point of another component does not count; a lone component gets -1 (exact)") {
  const BitImage vessels = drawn({"#####....", "......###", "####.....", ".........", "##......."});
  for (const Target target : available_targets()) {
    CHECK(run(vessels, {0, 2 * 9 + 3}, target) ==
          Pixels{0,  0,  0,  0,  0,  -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                 -1, -1, -1, 1,  1,  1,  1,  -1, -1, -1, -1, -1, -1, -1, -1,
                 -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1});
  }
}

TEST_CASE("every target equals brute force on noise and discs, few points and many (exact)") {
  std::mt19937 random(6);
  for (const index_t cols : {1, 7, 8, 9, 16, 17, 63, 64, 65, 100}) {
    const auto rows = 1 + static_cast<index_t>(random() % 40);
    for (const double density : {0.3, 0.5, 0.7}) {
      const BitImage vessels = noise_image(rows, cols, density, random);
      for (const std::size_t count : {1, 5, 60, 400}) {
        check_all_targets(vessels, random_points(vessels, count, random));
      }
    }
    const BitImage vessels = disc_image(rows, cols, random);
    check_all_targets(vessels, random_points(vessels, 1 + random() % 20, random));
  }
}

TEST_CASE("several bands of rows, and points around the last row that a band looks at (exact)") {
  std::mt19937 random(11);
  const BitImage vessels = noise_image(300, 70, 0.8, random);
  for (const std::size_t count : {std::size_t{30}, std::size_t{900}}) {
    check_all_targets(vessels, random_points(vessels, count, random));
  }
  const BitImage column = full_image(300, 3);
  for (std::int32_t row = 188; row <= 196; ++row) check_all_targets(column, {3 * row + 1});
}

TEST_CASE("points beyond the window, among rings that all interfere (exact)") {
  BitImage rings(150, 150);
  for (index_t i = 0; i < 75; i += 3) {
    for (index_t k = i; k < 150 - i; ++k) {
      rings.set(i, k);
      rings.set(149 - i, k);
      rings.set(k, i);
      rings.set(k, 149 - i);
    }
  }
  Pixels one_each;
  for (std::int32_t i = 0; i < 75; i += 3) one_each.push_back(i * 150 + i);
  check_all_targets(rings, one_each);
  check_all_targets(full_image(140, 200), {5, 70 * 200 + 199, 139 * 200});
  check_all_targets(full_image(1, 700), {699, 3});
  check_all_targets(full_image(700, 1), {699, 3});
  std::mt19937 random(7);
  check_all_targets(rings, random_points(rings, 300, random));
}

TEST_CASE("the longest lines (exact)") {
  for (const Target target : available_targets()) {
    const Pixels row = run(full_image(1, 32767), {32766, 0}, target);
    CHECK(row[16383] == 0);
    CHECK(row[16382] == 1);
    const Pixels column = run(full_image(32767, 1), {0, 32766}, target);
    CHECK(column[16383] == 0);
    CHECK(column[16384] == 1);
  }
}

TEST_CASE("no points, points on background only, empty images, and what is refused") {
  const BitImage vessels = drawn({"##.", "..."});
  for (const Target target : available_targets()) {
    CHECK(run(vessels, {}, target) == Pixels(6, -1));
    CHECK(run(vessels, {2, 4}, target) == Pixels(6, -1));
    CHECK(run(vessels, {2, 1}, target) == Pixels{1, 1, -1, -1, -1, -1});
    CHECK(run(BitImage(0, 3), {}, target).empty());
  }
  CHECK_THROWS_AS(run(vessels, {6}, Target::scalar), ValueError);
  CHECK_THROWS_AS(run(vessels, {-1}, Target::scalar), ValueError);
  Labelling components;
  label_runs(vessels, Connectivity::eight, components);
  NearestScratch scratch;
  CHECK_THROWS_AS(nearest_point(vessels, components, {}, {nullptr, 3, 3}, scratch), ShapeError);
  CHECK_THROWS_AS(nearest_point(BitImage(3, 3), components, {}, {nullptr, 3, 3}, scratch),
                  ShapeError);
}

}  // namespace
}  // namespace gftcore
