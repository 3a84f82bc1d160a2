// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore::vessel {

// Directions are numbered clockwise from north.
inline constexpr std::array<std::int32_t, 8> kRowStep = {-1, -1, 0, 1, 1, 1, 0, -1};
inline constexpr std::array<std::int32_t, 8> kColStep = {0, 1, 1, 1, 0, -1, -1, -1};
constexpr int opposite(int direction) { return direction ^ 4; }

/// Link byte of every 3 x 3 pattern, whose bit 3 i + j is row i, column j.
constexpr std::array<std::uint8_t, 512> make_link_table() {
  std::array<std::uint8_t, 512> table{};
  for (unsigned pattern = 0; pattern < 512; ++pattern) {
    const auto on = [&](int direction) {
      const auto d = static_cast<std::size_t>(direction & 7);
      const int bit = 3 * (kRowStep[d] + 1) + kColStep[d] + 1;
      return (pattern >> bit & 1U) != 0;
    };
    unsigned links = 0;
    for (int d = 0; d < 8; ++d) {
      const bool straight = d % 2 == 0;
      if (on(d) && (straight || (!on(d - 1) && !on(d + 1)))) links |= 1U << d;
    }
    table[pattern] = static_cast<std::uint8_t>(links);
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 512> kLinkTable = make_link_table();

constexpr std::array<std::uint8_t, 256> make_count_table() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(std::popcount(i));
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kCountTable = make_count_table();

/// Columns c - 1, c, c + 1 of a row as bits 0..2. The row's guards make every c valid.
inline unsigned three_columns(const std::uint64_t* row, index_t c) {
  const index_t k = (c - 1) >> 6;
  const auto shift = static_cast<unsigned>((c - 1) & 63);
  std::uint64_t bits = row[k] >> shift;
  if (shift > 61) bits |= row[k + 1] << (64U - shift);
  return static_cast<unsigned>(bits & 7U);
}

/// The 3 x 3 pattern around a pixel whose row starts at `row`; bit 3 i + j is row i, column j.
inline unsigned pattern_at(const std::uint64_t* row, index_t stride, index_t c) {
  return three_columns(row - stride, c) | three_columns(row, c) << 3U |
         three_columns(row + stride, c) << 6U;
}

inline std::uint8_t links_at(const BitImage& image, index_t r, index_t c) {
  return kLinkTable[pattern_at(image.row(r), image.stride(), c)];
}

}  // namespace gftcore::vessel
