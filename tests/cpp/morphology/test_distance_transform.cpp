// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "../drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "random_image.hpp"

namespace gftcore {
namespace {

using Pixels = std::vector<std::int32_t>;

Pixels run(const BitImage& vessels, Frame frame, Target target) {
  Pixels out(static_cast<std::size_t>(vessels.rows() * vessels.cols()), -7);
  DistanceScratch scratch;
  squared_distance(vessels, frame, {out.data(), vessels.rows(), vessels.cols()}, scratch, target);
  return out;
}

/// Minimum over columns of the vertical distance's square plus the horizontal one's.
Pixels brute(const BitImage& vessels, Frame frame) {
  const index_t edge = frame == Frame::background ? 1 : 0;
  const auto is_background = [&](index_t r, index_t c) {
    const bool inside = r >= 0 && r < vessels.rows() && c >= 0 && c < vessels.cols();
    return !inside || !vessels.test(r, c);
  };
  Pixels out;
  for (index_t r = 0; r < vessels.rows(); ++r) {
    std::vector<index_t> vertical;
    for (index_t c = -edge; c < vessels.cols() + edge; ++c) {
      index_t best = 1 << 20;
      for (index_t row = -edge; row < vessels.rows() + edge; ++row) {
        if (is_background(row, c)) best = std::min(best, std::abs(row - r));
      }
      vertical.push_back(best);
    }
    for (index_t c = 0; c < vessels.cols(); ++c) {
      index_t best = kNoBackground;
      for (index_t k = 0; k < static_cast<index_t>(vertical.size()); ++k) {
        const index_t g = vertical[static_cast<std::size_t>(k)];
        best = std::min(best, g * g + (k - edge - c) * (k - edge - c));
      }
      out.push_back(static_cast<std::int32_t>(best));
    }
  }
  return out;
}

void check_all_targets(const BitImage& vessels) {
  for (const Frame frame : {Frame::none, Frame::background}) {
    const Pixels expected = brute(vessels, frame);
    for (const Target target : available_targets()) {
      CAPTURE(std::string(name(target)));
      CHECK(run(vessels, frame, target) == expected);
    }
  }
}

TEST_CASE("a drawn figure (exact)") {
  const BitImage vessels = drawn({"#####", "####.", "#####"});
  for (const Target target : available_targets()) {
    CHECK(run(vessels, Frame::none, target) ==
          Pixels{17, 10, 5, 2, 1, 16, 9, 4, 1, 0, 17, 10, 5, 2, 1});
    CHECK(run(vessels, Frame::background, target) ==
          Pixels{1, 1, 1, 1, 1, 1, 4, 4, 1, 0, 1, 1, 1, 1, 1});
  }
}

TEST_CASE("every target equals brute force, for widths around words and vectors (exact)") {
  std::mt19937 random(4);
  for (const index_t cols : {1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 97, 128, 191}) {
    const auto rows = 1 + static_cast<index_t>(random() % 50);
    for (const double density : {0.0, 0.5, 0.9, 0.99}) {
      check_all_targets(noise_image(rows, cols, density, random));
    }
    check_all_targets(disc_image(rows, cols, random));
    check_all_targets(full_image(rows, cols));
  }
}

TEST_CASE("distances around the kernels' reach and around 255 px (exact)") {
  for (const index_t cols : {255, 257, 259, 300, 520, 640}) {
    BitImage row = full_image(3, cols);
    row.clear(1, 0);
    check_all_targets(row);
    BitImage two = full_image(2, cols);
    two.clear(0, cols / 2);
    two.clear(1, cols - 1);
    check_all_targets(two);
    BitImage column = full_image(cols, 3);
    column.clear(cols - 1, 1);
    check_all_targets(column);
  }
  BitImage mixed = full_image(300, 280);  // far and near rows in one image
  for (index_t c = 0; c < 280; c += 9) mixed.clear(299, c);
  check_all_targets(mixed);
}

TEST_CASE("the longest lines reach 32766 px") {
  for (const Target target : available_targets()) {
    BitImage row = full_image(1, 32767);
    row.clear(0, 0);
    CHECK(run(row, Frame::none, target).back() == 32766 * 32766);
    BitImage column = full_image(32767, 1);
    column.clear(32766, 0);
    const Pixels down = run(column, Frame::none, target);
    CHECK(down.front() == 32766 * 32766);
    CHECK(down[32765] == 1);
    CHECK(run(full_image(1, 32767), Frame::background, target)[16383] == 1);
  }
}

TEST_CASE("no background, blank, empty, and shapes that are refused") {
  for (const Target target : available_targets()) {
    CHECK(run(full_image(5, 70), Frame::none, target) == Pixels(350, kNoBackground));
    CHECK(run(BitImage(5, 70), Frame::none, target) == Pixels(350, 0));
    CHECK(run(full_image(1, 1), Frame::background, target) == Pixels{1});
    CHECK(run(BitImage(0, 9), Frame::background, target).empty());
    CHECK(run(BitImage(9, 0), Frame::none, target).empty());
  }
  DistanceScratch scratch;
  CHECK_THROWS_AS(squared_distance(BitImage(2, 2), Frame::none, {nullptr, 2, 3}, scratch),
                  ShapeError);
  CHECK_THROWS_AS(squared_distance(BitImage(32768, 1), Frame::none, {nullptr, 32768, 1}, scratch),
                  ShapeError);
}

TEST_CASE("memory is reused without a trace of the image before (exact)") {
  std::mt19937 random(5);
  DistanceScratch scratch;
  for (const index_t side : {80, 20, 300, 5}) {
    const BitImage vessels = disc_image(side, side + 3, random);
    Pixels out(static_cast<std::size_t>(side * (side + 3)));
    squared_distance(vessels, Frame::none, {out.data(), side, side + 3}, scratch);
    CHECK(out == brute(vessels, Frame::none));
  }
}

}  // namespace
}  // namespace gftcore
