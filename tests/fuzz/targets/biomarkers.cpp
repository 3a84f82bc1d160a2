// SPDX-License-Identifier: Apache-2.0
// Boxes that hold a vessel, the outline of all vessels, and the sectors around the fovea.
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../naive/regions.hpp"
#include "../naive/sectors.hpp"
#include "check.hpp"
#include "gftcore/biomarkers/box_count.hpp"
#include "gftcore/biomarkers/outline.hpp"
#include "gftcore/biomarkers/sectors.hpp"
#include "gftcore/common/error.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

index_t naive_boxes(const naive::Mask& mask, index_t side) {
  index_t count = 0;
  for (index_t top = 0; top < mask.rows; top += side) {
    for (index_t left = 0; left < mask.cols; left += side) {
      bool any = false;
      for (index_t r = top; r < top + side; ++r) {
        for (index_t c = left; c < left + side; ++c) any = any || mask.get(r, c) != 0;
      }
      count += any ? 1 : 0;
    }
  }
  return count;
}

/// Some sides of boxes that fit; sometimes one that does not. `unit` divides the image.
bool choose_sides(int chosen, int spoiled, index_t unit, std::vector<index_t>& sides) {
  for (index_t side = 1; side <= unit; ++side) {
    if (unit % side == 0 && (side == unit || (chosen >> side % 8 & 1) != 0)) sides.push_back(side);
  }
  if (spoiled < 224) return true;
  constexpr index_t kWrong[] = {
      0, -1, std::numeric_limits<index_t>::max(), std::numeric_limits<index_t>::min()};
  const index_t wrong = spoiled % 5 == 4 ? sides.back() : kWrong[spoiled % 5];
  const bool first = spoiled % 2 == 0 && wrong != sides.back();
  sides.insert(first ? sides.begin() : sides.end(), wrong);
  return false;
}

/// The image, enlarged by zeros so that boxes of `unit` pixels fit.
void check_boxes(const naive::Mask& mask, int chosen, int spoiled, index_t unit) {
  static BoxScratch scratch;
  naive::Mask enlarged((mask.rows + unit - 1) / unit * unit, (mask.cols + unit - 1) / unit * unit);
  for (index_t r = 0; r < mask.rows; ++r) {
    for (index_t c = 0; c < mask.cols; ++c) enlarged(r, c) = mask.get(r, c);
  }
  std::vector<index_t> sides;
  const bool good = choose_sides(chosen, spoiled, unit, sides) && !enlarged.values.empty();
  std::vector<index_t> got;
  bool taken = true;
  try {
    got = count_boxes(naive::bits_of(enlarged), sides, scratch);
  } catch (const Error&) {
    taken = false;
  }
  plant("sides taken", taken);
  expect(taken == good, "sides that fit, and no others, are taken");
  if (!taken) return;
  plant("count_boxes", got);
  std::vector<index_t> want;
  for (const index_t side : sides) want.push_back(naive_boxes(enlarged, side));
  same(got, want, "count_boxes");
}

void check_outline(const BitImage& image, const naive::Mask& mask) {
  static OutlineScratch scratch;
  naive::Labels labels(mask.rows, mask.cols);
  std::vector<naive::Point> pixels;
  for (index_t r = 0; r < mask.rows; ++r) {
    for (index_t c = 0; c < mask.cols; ++c) {
      if (mask.get(r, c) == 0) continue;
      labels(r, c) = 1;
      pixels.emplace_back(r, c);
    }
  }
  const ContourCounts want = naive::contour_counts(labels, 1, pixels);
  for (const Target target : available_targets()) {
    ContourCounts got = count_outline(image, scratch, target);
    plant("straight", target, got.straight);
    plant("diagonal", target, got.diagonal);
    plant("mixed", target, got.mixed);
    same(got.straight, want.straight, "straight");
    same(got.diagonal, want.diagonal, "diagonal");
    same(got.mixed, want.mixed, "mixed");
  }
}

/// A place anywhere near the image, often where rounding is a tie; radii up to some 30 px.
SectorPlace choose_place(const Scene& scene, Bytes& bytes) {
  SectorPlace place;
  const auto near = [&bytes](index_t side) {
    const double share = bytes.byte() / 128.0 - 0.5;
    return std::floor(share * static_cast<double>(side)) + bytes.byte() / 32.0;
  };
  place.row = near(scene.shape.rows);
  place.col = near(scene.shape.cols);
  place.inner_px = (1 + bytes.byte()) / 16.0;
  place.outer_px = place.inner_px + bytes.byte() / 16.0;
  return place;
}

void spoil_place(int how, SectorPlace& place) {
  constexpr double kWrong[] = {std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(),
                               1e300};
  const double wrong = kWrong[how / 4 % 4];
  if (how % 4 == 0) place.row = wrong;
  if (how % 4 == 1) place.col = wrong;
  if (how % 4 == 2) place.outer_px = wrong;
  if (how % 4 == 3) place.inner_px = how / 16 % 2 == 0 ? wrong : -place.inner_px;
}

void check_sectors(const Scene& scene, const naive::Mask& mask, SectorPlace place, int spoiled) {
  static BitImage excluded;
  const bool excludes = small_mask(scene.option(2), scene.option(3), scene.shape, excluded);
  const bool good = spoiled < 232;
  if (!good) spoil_place(spoiled, place);
  std::array<SectorCounts, kSectors> got{};
  bool taken = true;
  try {
    got = count_sectors(scene.mask, excludes ? &excluded : nullptr, place);
  } catch (const ValueError&) {
    taken = false;
  }
  plant("place taken", taken);
  expect(taken == good, "sound places, and no others, are taken");
  if (!taken) return;
  naive::Mask without(mask.rows, mask.cols);
  if (excludes) without = naive::mask_of(excluded);
  const auto want = naive::count_sectors(mask, without, place);
  for (std::size_t s = 0; s < kSectors; ++s) {
    const std::string name = "sector " + std::to_string(s);
    plant(name + " vessel", got[s].vessel);
    plant(name + " valid", got[s].valid);
    plant(name + " whole", got[s].whole);
    same(got[s].vessel, want[s].vessel, name + ": vessel");
    same(got[s].valid, want[s].valid, name + ": valid");
    same(got[s].whole, want[s].whole, name + ": whole");
  }
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  Bytes bytes(data);
  scene.read(bytes);
  const naive::Mask mask = naive::mask_of(scene.mask);
  check_boxes(mask, scene.option(0), scene.option(4), 1 + scene.option(1) % 40);
  check_outline(scene.mask, mask);
  check_sectors(scene, mask, choose_place(scene, bytes), scene.option(5));
}

}  // namespace gftcore::fuzz
