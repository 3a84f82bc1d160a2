// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>

#include "../drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/morphology/fill.hpp"
#include "random_image.hpp"

namespace gftcore {
namespace {

TEST_CASE("holes below the area are filled, corners do not join them, the frame counts (exact)") {
  BitImage mask = drawn({"#.######", "##.####.", "##..###.", "#######."});
  FillScratch scratch;
  BitImage untouched = mask;
  fill_small(untouched, 1, nullptr, scratch);
  CHECK(untouched == mask);
  BitImage filled = mask;
  fill_small(filled, 3, nullptr, scratch);
  CHECK(filled == drawn({"########", "##.####.", "##..###.", "#######."}));
  fill_small(filled, 4, nullptr, scratch);
  CHECK(filled == full_image(4, 8));
}

TEST_CASE("an excluded pixel keeps its whole component open (exact)") {
  BitImage mask = drawn({"#####", "#...#", "#####", "#.#.#"});
  const BitImage excluded = drawn({".....", "...#.", ".....", ".#..."});
  FillScratch scratch;
  fill_small(mask, 9, &excluded, scratch);
  CHECK(mask == drawn({"#####", "#...#", "#####", "#.###"}));
}

TEST_CASE("long runs cross words; only the component's own pixels change (exact)") {
  for (const index_t cols : {63, 64, 65, 128, 129, 700}) {
    BitImage mask = full_image(3, cols);
    for (index_t c = 1; c + 1 < cols; ++c) mask.clear(1, c);
    FillScratch scratch;
    BitImage kept = mask;
    fill_small(kept, cols - 2, nullptr, scratch);
    CHECK(kept == mask);
    fill_small(mask, cols - 1, nullptr, scratch);
    CHECK(mask == full_image(3, cols));
  }
}

TEST_CASE("filling equals the count of each component (exact)") {
  std::mt19937 random(3);
  FillScratch scratch;
  for (int trial = 0; trial < 60; ++trial) {
    const auto rows = 1 + static_cast<index_t>(random() % 30);
    const auto cols = 1 + static_cast<index_t>(random() % 150);
    const BitImage mask = noise_image(rows, cols, 0.6, random);
    const auto area = static_cast<index_t>(random() % 9);
    BitImage filled = mask;
    fill_small(filled, area, nullptr, scratch);
    BitImage background;
    complement(mask, background);
    Labelling holes;
    label_runs(background, Connectivity::four, holes);
    std::vector<index_t> area_of(static_cast<std::size_t>(holes.count) + 1, 0);
    for (std::size_t i = 0; i < holes.runs.size(); ++i) {
      area_of[static_cast<std::size_t>(holes.label_of_run[i])] +=
          holes.runs[i].end - holes.runs[i].begin;
    }
    BitImage expected = mask;
    for (std::size_t i = 0; i < holes.runs.size(); ++i) {
      if (area_of[static_cast<std::size_t>(holes.label_of_run[i])] >= area) continue;
      for (index_t c = holes.runs[i].begin; c < holes.runs[i].end; ++c) {
        expected.set(holes.runs[i].row, c);
      }
    }
    CHECK(filled == expected);
  }
}

TEST_CASE("a blank mask is one hole; empty images and wrong shapes") {
  FillScratch scratch;
  BitImage mask(2, 3);
  fill_small(mask, 6, nullptr, scratch);
  CHECK(mask.count() == 0);
  fill_small(mask, 7, nullptr, scratch);
  CHECK(mask.count() == 6);
  BitImage empty(0, 4);
  fill_small(empty, 5, nullptr, scratch);
  const BitImage wrong(3, 2);
  CHECK_THROWS_AS(fill_small(mask, 3, &wrong, scratch), ShapeError);
}

}  // namespace
}  // namespace gftcore
