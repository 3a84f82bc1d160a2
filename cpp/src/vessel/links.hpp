// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/count_ones.hpp"
#include "gftcore/common/index.hpp"
#include "morphology/simple_point.hpp"

namespace gftcore::vessel {

// Directions are numbered clockwise from north.
inline constexpr std::array<std::int32_t, 8> kRowStep = {-1, -1, 0, 1, 1, 1, 0, -1};
inline constexpr std::array<std::int32_t, 8> kColStep = {0, 1, 1, 1, 0, -1, -1, -1};
constexpr unsigned opposite(unsigned direction) { return direction ^ 4U; }

/// For vector positions; ids and sizes here are never negative.
constexpr std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

/// Whether the neighbour in a direction (modulo 8) is on in a 3 x 3 pattern, whose bit 3 i + j is
/// row i, column j.
constexpr bool neighbour_on(unsigned pattern, unsigned direction) {
  const std::size_t d = direction & 7U;
  return (pattern >> (3 * (kRowStep[d] + 1) + kColStep[d] + 1) & 1U) != 0;
}

/// Bit d: linked to the neighbour in direction d, for every 3 x 3 pattern.
constexpr std::array<std::uint8_t, 512> make_link_table() {
  std::array<std::uint8_t, 512> table{};
  for (unsigned pattern = 0; pattern < 512; ++pattern) {
    unsigned links = 0;
    for (unsigned d = 0; d < 8; ++d) {
      const bool blocked =
          d % 2 == 1 && (neighbour_on(pattern, d + 7) || neighbour_on(pattern, d + 1));
      if (neighbour_on(pattern, d) && !blocked) links |= 1U << d;
    }
    table[pattern] = static_cast<std::uint8_t>(links);
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 512> kLinkTable = make_link_table();

constexpr std::array<std::uint8_t, 512> make_link_count_table() {
  std::array<std::uint8_t, 512> table{};
  for (std::size_t i = 0; i < 512; ++i) {
    table[i] = static_cast<std::uint8_t>(std::popcount(unsigned{kLinkTable[i]}));
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 512> kLinkCountTable = make_link_count_table();

/// Entry [8 pattern + h]: where a walk that came in direction h goes on from a pixel with two
/// links.
constexpr std::array<std::uint8_t, 4096> make_next_table() {
  std::array<std::uint8_t, 4096> table{};
  for (unsigned pattern = 0; pattern < 512; ++pattern) {
    for (unsigned heading = 0; heading < 8; ++heading) {
      const unsigned onwards = kLinkTable[pattern] & ~(1U << opposite(heading));
      table[8 * pattern + heading] = static_cast<std::uint8_t>(std::countr_zero(onwards) & 7);
    }
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 4096> kNextTable = make_next_table();

/// The 3 x 3 pattern around column c of the row that starts at `row`; bit 3 i + j is row i,
/// column j. The image's guards make every c valid.
inline unsigned pattern_at(const std::uint64_t* row, index_t stride, index_t c) {
  return three_pixels(row - stride, c) | three_pixels(row, c) << 3 |
         three_pixels(row + stride, c) << 6;
}

inline unsigned pattern_at(const BitImage& image, index_t r, index_t c) {
  return pattern_at(image.row(r), image.stride(), c);
}

/// A pixel's part in the Euler number (faces - edges + corners of closed squares) of a set of
/// pixels; an edge or corner belongs to the first pixel that has it. `pattern` is the set's.
constexpr std::int32_t euler_share(unsigned pattern) {
  const bool nw = (pattern & 1U) != 0;
  const bool n = (pattern & 2U) != 0;
  const bool ne = (pattern & 4U) != 0;
  const bool w = (pattern & 8U) != 0;
  const int edges = 2 + (n ? 0 : 1) + (w ? 0 : 1);
  const int corners = 1 + (nw || n || w ? 0 : 1) + (n || ne ? 0 : 1) + (w ? 0 : 1);
  return 1 - edges + corners;
}

/// Whether a pattern's centre begins, as its north-western pixel, a full 2 x 2 block.
constexpr bool begins_block(unsigned pattern) {
  constexpr unsigned kOthers = 1U << 5U | 1U << 7U | 1U << 8U;
  return (pattern & kOthers) == kOthers;
}

}  // namespace gftcore::vessel
