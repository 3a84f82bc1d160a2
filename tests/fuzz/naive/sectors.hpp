// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>

#include "gftcore/biomarkers/sectors.hpp"
#include "grid.hpp"

namespace gftcore::naive {

/// The sector of a pixel, in sixteenths of a pixel from the centre; kSectors outside of all.
inline std::size_t sector_of(index_t dr, index_t dc, const SectorPlace& place) {
  const auto square = static_cast<double>(dr * dr + dc * dc);
  const auto nearer = [square](double radius) { return square < 16 * radius * (16 * radius); };
  if (nearer(place.inner_px)) return static_cast<std::size_t>(Sector::centre);
  if (!nearer(place.outer_px)) return kSectors;
  // A quarter begins at its diagonal, going clockwise, and ends before the next one.
  if (dr < 0 && dc >= dr && dc < -dr) return static_cast<std::size_t>(Sector::up);
  if (dc > 0 && dr >= -dc && dr < dc) return static_cast<std::size_t>(Sector::right);
  if (dr > 0 && dc <= dr && dc > -dr) return static_cast<std::size_t>(Sector::down);
  return static_cast<std::size_t>(Sector::left);
}

/// count_sectors() pixel by pixel, over the square around the ring.
inline std::array<SectorCounts, kSectors> count_sectors(const Mask& vessels,
                                                        const Mask& excluded,
                                                        const SectorPlace& place) {
  std::array<SectorCounts, kSectors> counts{};
  const auto row = static_cast<index_t>(std::nearbyint(16 * place.row));
  const auto col = static_cast<index_t>(std::nearbyint(16 * place.col));
  const auto reach = static_cast<index_t>(place.outer_px) + 2;
  for (index_t r = row / 16 - reach; r <= row / 16 + reach; ++r) {
    for (index_t c = col / 16 - reach; c <= col / 16 + reach; ++c) {
      const std::size_t sector = sector_of(16 * r - row, 16 * c - col, place);
      if (sector == kSectors) continue;
      SectorCounts& to = counts.at(sector);
      ++to.whole;
      if (!vessels.inside(r, c) || excluded.get(r, c) != 0) continue;
      ++to.valid;
      to.vessel += vessels.get(r, c);
    }
  }
  return counts;
}

}  // namespace gftcore::naive
