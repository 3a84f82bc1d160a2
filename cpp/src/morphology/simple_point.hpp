// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "gftcore/common/bit_image.hpp"

namespace gftcore {

static_assert(std::endian::native == std::endian::little, "rows are read bytewise");

/// Three pixels of a row: bit 0 is column c - 1, bit 2 is column c + 1.
inline std::uint32_t three_pixels(const std::uint64_t* row, index_t c) {
  const index_t left = c + 63;  // column c - 1, counted from the guard word before the row
  std::uint16_t bits = 0;
  std::memcpy(&bits, reinterpret_cast<const std::uint8_t*>(row - 1) + (left >> 3), sizeof bits);
  return (static_cast<std::uint32_t>(bits) >> (left & 7)) & 7U;
}

/// The 3 x 3 pixels around (r, c) in raster order, bit 0 first; bit 4 is the pixel itself.
inline std::uint32_t window_code(const BitImage& image, index_t r, index_t c) {
  return three_pixels(image.row(r - 1), c) | three_pixels(image.row(r), c) << 3 |
         three_pixels(image.row(r + 1), c) << 6;
}

/// True for windows whose centre may go: it is on, has two or more neighbours, and is simple
/// (Yokoi's number is 1: removing it changes neither components nor holes).
consteval std::array<bool, 512> redundant_windows() {
  constexpr std::array<int, 8> kClockwise{1, 2, 5, 8, 7, 6, 3, 0};  // N, NE, ..., NW
  std::array<bool, 512> redundant{};
  for (std::uint32_t code = 0; code < 512; ++code) {
    std::array<int, 9> on{};
    int neighbours = 0;
    for (std::size_t k = 0; k < 9; ++k) {
      on[k] = static_cast<int>(code >> kClockwise[k % 8] & 1U);
      if (k < 8) neighbours += on[k];
    }
    int crossings = 0;
    for (std::size_t k = 0; k < 8; k += 2) {
      crossings += static_cast<int>(on[k] == 0 && (on[k + 1] != 0 || on[k + 2] != 0));
    }
    redundant[code] = (code >> 4 & 1U) != 0 && neighbours >= 2 && crossings == 1;
  }
  return redundant;
}

inline constexpr std::array<bool, 512> kRedundant = redundant_windows();

}  // namespace gftcore
