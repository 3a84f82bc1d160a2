// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "../drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/morphology/label.hpp"
#include "random_image.hpp"

namespace gftcore {
namespace {

using Pixels = std::vector<label_t>;

Pixels painted(const BitImage& image, Connectivity connectivity) {
  Labelling labelling;
  label_runs(image, connectivity, labelling);
  Pixels pixels(static_cast<std::size_t>(image.rows() * image.cols()), -1);
  paint(labelling, {pixels.data(), image.rows(), image.cols()});
  return pixels;
}

/// Flood fill from each unlabelled pixel in raster order.
Pixels flooded(const BitImage& image, Connectivity connectivity) {
  Pixels pixels(static_cast<std::size_t>(image.rows() * image.cols()), 0);
  const auto at = [&](index_t r, index_t c) -> label_t& {
    return pixels[static_cast<std::size_t>(r * image.cols() + c)];
  };
  label_t count = 0;
  std::vector<std::pair<index_t, index_t>> stack;
  for (index_t r = 0; r < image.rows(); ++r) {
    for (index_t c = 0; c < image.cols(); ++c) {
      if (!image.test(r, c) || at(r, c) != 0) continue;
      at(r, c) = ++count;
      stack.emplace_back(r, c);
      while (!stack.empty()) {
        const auto [row, col] = stack.back();
        stack.pop_back();
        for (index_t dr = -1; dr <= 1; ++dr) {
          for (index_t dc = -1; dc <= 1; ++dc) {
            if (connectivity == Connectivity::four && dr != 0 && dc != 0) continue;
            if (!image.test(row + dr, col + dc) || at(row + dr, col + dc) != 0) continue;
            at(row + dr, col + dc) = count;
            stack.emplace_back(row + dr, col + dc);
          }
        }
      }
    }
  }
  return pixels;
}

TEST_CASE("labels follow the raster order of first pixels; corners touch with 8 only (exact)") {
  const BitImage image = drawn({"..#.#", ".#..#", "#...#", "....."});
  CHECK(painted(image, Connectivity::eight) ==
        Pixels{0, 0, 1, 0, 2, 0, 1, 0, 0, 2, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0});
  CHECK(painted(image, Connectivity::four) ==
        Pixels{0, 0, 1, 0, 2, 0, 3, 0, 0, 2, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0});
}

TEST_CASE("arms that meet late are one component (exact)") {
  const BitImage image = drawn({"#.#.#", "#.#.#", "###.#", "....#", "#####"});
  Labelling labelling;
  label_runs(image, Connectivity::four, labelling);
  CHECK(labelling.count == 2);
  CHECK(labelling.runs.size() == 10);
  CHECK(labelling.row_ptr == std::vector<index_t>{0, 3, 6, 8, 9, 10});
  CHECK(labelling.label_of_run == std::vector<label_t>{1, 1, 2, 1, 1, 2, 1, 2, 2, 2});
}

TEST_CASE("equal to flood fill on noise, for widths around a word (exact)") {
  std::mt19937 random(1);
  for (const index_t cols : {1, 2, 5, 9, 16, 17, 63, 64, 65, 128, 130, 200}) {
    for (const double density : {0.05, 0.3, 0.5, 0.6, 0.9}) {
      const BitImage image =
          noise_image(1 + static_cast<index_t>(random() % 40), cols, density, random);
      for (const Connectivity connectivity : {Connectivity::four, Connectivity::eight}) {
        CHECK(painted(image, connectivity) == flooded(image, connectivity));
      }
    }
  }
}

TEST_CASE("memory is reused without a trace of the image before (exact)") {
  std::mt19937 random(2);
  Labelling labelling;
  for (const index_t side : {70, 3, 90, 1}) {
    label_runs(noise_image(side, side, 0.5, random), Connectivity::eight, labelling);
    const BitImage image = noise_image(side, side, 0.4, random);
    label_runs(image, Connectivity::eight, labelling);
    Pixels pixels(static_cast<std::size_t>(side * side));
    paint(labelling, {pixels.data(), side, side});
    CHECK(pixels == flooded(image, Connectivity::eight));
  }
}

TEST_CASE("full, blank and empty images, the longest row, and shapes that are refused") {
  CHECK(painted(full_image(3, 64), Connectivity::four) == Pixels(192, 1));
  CHECK(painted(BitImage(3, 65), Connectivity::eight) == Pixels(195, 0));
  CHECK(painted(full_image(1, 32767), Connectivity::eight) == Pixels(32767, 1));
  for (const auto& [rows, cols] : {std::pair<index_t, index_t>{0, 0}, {0, 7}, {7, 0}}) {
    Labelling labelling;
    label_runs(BitImage(rows, cols), Connectivity::eight, labelling);
    CHECK(labelling.count == 0);
    CHECK(labelling.row_ptr.size() == static_cast<std::size_t>(rows) + 1);
    paint(labelling, {nullptr, rows, cols});
  }
  Labelling labelling;
  CHECK_THROWS_AS(label_runs(BitImage(1, 32770), Connectivity::four, labelling), ShapeError);
  label_runs(BitImage(2, 2), Connectivity::four, labelling);
  CHECK_THROWS_AS(paint(labelling, {nullptr, 2, 3}), ShapeError);
}

}  // namespace
}  // namespace gftcore
