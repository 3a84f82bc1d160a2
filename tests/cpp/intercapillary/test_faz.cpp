// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/faz.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "figures.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

using test::Labels;

void fill(Labels& labels, index_t row, index_t col, index_t rows, index_t cols) {
  for (index_t r = row; r < row + rows; ++r) {
    for (index_t c = col; c < col + cols; ++c) labels.at(r, c) = 1;
  }
}

FazChoice choose(const Labels& voids,
                 FazMethod method = FazMethod::automatic,
                 double fov_mm = 3.0,
                 const BitImage* mask = nullptr) {
  Labelling areas;
  label_runs(voids.ones(), Connectivity::eight, areas);
  FazScratch scratch;
  return find_faz(voids.ones(), areas, method, fov_mm, mask, Connectivity::eight, scratch);
}

void check(const FazChoice& choice, label_t label, FazMethod used) {
  CHECK(choice.label == label);
  CHECK(choice.used == used);
}

}  // namespace

TEST_CASE("faz: the widest opening near the centre") {
  Labels voids(100, 100);
  fill(voids, 0, 0, 30, 100);   // label 1: far larger, but too far from the centre
  fill(voids, 40, 35, 20, 20);  // label 2
  fill(voids, 45, 56, 12, 12);  // label 3: near too
  const FazChoice choice = choose(voids);
  check(choice, 2, FazMethod::automatic);
  CHECK(choice.confidence > 0.5);
  CHECK(choice.confidence < 0.75);
  // A field of view of 1 mm brings the large area within reach.
  check(choose(voids, FazMethod::automatic, 1.0), 1, FazMethod::automatic);
}

TEST_CASE("faz: alone it is certain") {
  Labels voids(64, 64);
  fill(voids, 25, 25, 14, 14);
  const FazChoice choice = choose(voids);
  check(choice, 1, FazMethod::automatic);
  CHECK(choice.confidence == 1.0);
}

TEST_CASE("faz: the area nearest the centre where nothing is wide") {
  Labels voids(50, 51);
  fill(voids, 2, 2, 3, 3);
  fill(voids, 20, 30, 2, 4);
  const FazChoice choice = choose(voids);
  check(choice, 2, FazMethod::nearest);
  CHECK(choice.confidence == 0.0);
  Labels tie(1, 5);
  tie.at(0, 1) = tie.at(0, 3) = 1;
  check(choose(tie), 1, FazMethod::nearest);
}

TEST_CASE("faz: an opening that no area owns falls back too") {
  Labels voids(60, 60);
  fill(voids, 20, 20, 20, 20);
  Labels other(60, 60);
  other.at(1, 1) = 1;
  Labelling areas;
  label_runs(other.ones(), Connectivity::eight, areas);
  FazScratch scratch;
  check(find_faz(
            voids.ones(), areas, FazMethod::automatic, 3.0, nullptr, Connectivity::eight, scratch),
        1,
        FazMethod::nearest);
}

TEST_CASE("faz: from the fixed point downwards") {
  Labels voids(1216, 1216);
  fill(voids, 590, 590, 5, 20);
  fill(voids, 700, 595, 10, 10);
  const FazChoice choice = choose(voids, FazMethod::fixed);
  check(choice, 2, FazMethod::fixed);
  CHECK(std::isnan(choice.confidence));
  Labels above(1216, 1216);
  fill(above, 590, 590, 5, 20);
  check(choose(above, FazMethod::fixed), 0, FazMethod::none);
}

TEST_CASE("faz: by mask") {
  Labels voids(20, 80);
  fill(voids, 0, 0, 20, 30);
  fill(voids, 0, 40, 20, 40);
  BitImage mask(20, 80);
  for (index_t r = 0; r < 3; ++r) {
    mask.set(r, 29);
    mask.set(r, 40);
  }
  check(choose(voids, FazMethod::mask, 3.0, &mask), 1, FazMethod::mask);
  mask.set(3, 70);
  check(choose(voids, FazMethod::mask, 3.0, &mask), 2, FazMethod::mask);
  const BitImage nothing(20, 80);
  check(choose(voids, FazMethod::mask, 3.0, &nothing), 0, FazMethod::none);
}

TEST_CASE("faz: no area, no pixel") {
  for (const Labels& empty : {Labels(30, 30), Labels(0, 0)}) {
    for (const FazMethod method : {FazMethod::automatic, FazMethod::fixed}) {
      const FazChoice choice = choose(empty, method);
      check(choice, 0, FazMethod::none);
      CHECK(std::isnan(choice.confidence));
    }
  }
}

TEST_CASE("faz: an image of void is its own zone") {
  Labels voids(33, 70);
  fill(voids, 0, 0, 33, 70);
  check(choose(voids), 1, FazMethod::automatic);
}

TEST_CASE("faz: what is refused") {
  const Labels voids(10, 10);
  CHECK_THROWS_AS(choose(voids, FazMethod::mask), ValueError);
  CHECK_THROWS_AS(choose(voids, FazMethod::nearest), ValueError);
  CHECK_THROWS_AS(choose(voids, FazMethod::automatic, 0.0), ValueError);
  CHECK_THROWS_AS(choose(voids, FazMethod::automatic, std::nan("")), ValueError);
  const BitImage mask(9, 10);
  CHECK_THROWS_AS(choose(voids, FazMethod::mask, 3.0, &mask), ShapeError);
  CHECK(faz_method_from_name("auto") == FazMethod::automatic);
  CHECK_THROWS_AS(faz_method_from_name("nearest"), ValueError);
}

}  // namespace gftcore
