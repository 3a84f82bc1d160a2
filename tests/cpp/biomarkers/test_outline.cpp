// SPDX-License-Identifier: Apache-2.0
#include "gftcore/biomarkers/outline.hpp"

#include <doctest/doctest.h>

#include "../drawing.hpp"
#include "../morphology/random_image.hpp"

namespace gftcore {
namespace {

double length(const BitImage& image, Target target = active_target()) {
  OutlineScratch scratch;
  return perimeter_px(count_outline(image, scratch, target));
}

}  // namespace

TEST_CASE("outline: drawn images") {
  CHECK(length(BitImage(3, 3)) == 0.0);
  CHECK(length(drawn({"....", ".##.", ".##.", "...."})) == 4.0);
  CHECK(length(drawn({"##", "##"})) == 4.0);  // outside the image is outside
  // Two components count like one region.
  CHECK(length(drawn({"##....##", "##....##"})) == 8.0);
}

TEST_CASE("outline: the same on every target, and the sum over components") {
  std::mt19937 random(3);
  const BitImage image = noise_image(120, 200, 0.4, random);
  Labelling components;
  label_runs(image, Connectivity::eight, components);
  std::vector<ContourCounts> counts(static_cast<std::size_t>(components.count));
  ContourScratch scratch;
  count_contours(components, Contact::none, counts, scratch);
  ContourCounts sum;
  for (const ContourCounts& part : counts) {
    sum.straight += part.straight;
    sum.diagonal += part.diagonal;
    sum.mixed += part.mixed;
  }
  for (const Target target : available_targets()) CHECK(length(image, target) == perimeter_px(sum));
}

}  // namespace gftcore
