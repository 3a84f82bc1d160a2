// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Parts of a disc around the fovea, in the order of count_sectors(), as displayed.
enum class Sector : std::uint8_t { centre, up, right, down, left };
inline constexpr std::size_t kSectors = 5;

/// Where the disc and the ring lie. The position may be anywhere near the image.
struct SectorPlace {
  double row = 0.0;
  double col = 0.0;
  double inner_px = 0.0;  // radius of the disc
  double outer_px = 0.0;  // outer radius of the ring
};

/// Pixels of one sector.
struct SectorCounts {
  index_t vessel = 0;  // ones in the image that are not excluded
  index_t valid = 0;   // pixels in the image that are not excluded
  index_t whole = 0;   // pixels, if the image had no end
};

/// Largest outer radius: squared distances then fit in 53 bits.
inline constexpr double kMaxSectorRadius = 1 << 20;

/// Count pixels in a disc and in the four quarters of the ring around it.
///
/// The position is rounded to 1/16 px, ties to even, so that all that follows are integers. A
/// pixel belongs to the disc if its centre is nearer than inner_px, else to the ring if nearer
/// than outer_px. The ring is cut by the two diagonals through the position; a pixel on one goes
/// to the next sector clockwise. `excluded` may be null. The same counts on every machine.
/// O(outer radius * (1 + outer radius / 64)).
///
/// Throws ValueError for a position that is not finite or farther than kMaxSectorRadius from
/// (0, 0), or unless 0 < inner_px <= outer_px <= kMaxSectorRadius; ShapeError unless the shapes
/// agree.
std::array<SectorCounts, kSectors> count_sectors(const BitImage& vessels,
                                                 const BitImage* excluded,
                                                 const SectorPlace& place);

}  // namespace gftcore
