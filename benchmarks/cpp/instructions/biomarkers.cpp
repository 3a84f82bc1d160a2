// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "counted.hpp"
#include "drawing.hpp"
#include "gftcore/biomarkers/box_count.hpp"
#include "gftcore/biomarkers/outline.hpp"
#include "gftcore/biomarkers/sectors.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  const BitImage vessels = vessel_bits();
  constexpr std::array<index_t, 10> kSides = {1, 2, 4, 8, 16, 19, 32, 38, 76, 152};

  BoxScratch boxes;
  count("count_boxes", [&] { count_boxes(vessels, kSides, boxes); });
  OutlineScratch outline;
  count("count_outline", [&] { count_outline(vessels, outline); });
  count("count_sectors", [&] { count_sectors(vessels, nullptr, {300.25, 310.5, 101.0, 253.0}); });
}
