// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// std::popcount without the library call that targets lacking the instruction make of it.
constexpr std::int32_t count_ones(std::uint64_t x) {
  x -= x >> 1 & 0x5555555555555555U;
  x = (x & 0x3333333333333333U) + (x >> 2 & 0x3333333333333333U);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fU;
  return static_cast<std::int32_t>(x * 0x0101010101010101U >> 56);
}

/// Ones of `count` words, word(k) being the k-th. The counts of single bytes are added up first, a
/// loop that compilers turn into vectors.
template <class Word>
index_t count_ones(index_t count, Word word) {
  constexpr index_t kBlock = 31;  // of at most 8 ones a byte: a byte then holds the sum
  index_t ones = 0;
  for (index_t first = 0; first < count; first += kBlock) {
    const index_t last = first + kBlock < count ? first + kBlock : count;
    std::uint64_t bytes = 0;
    for (index_t k = first; k < last; ++k) {
      std::uint64_t x = word(k);
      x -= x >> 1 & 0x5555555555555555U;
      x = (x & 0x3333333333333333U) + (x >> 2 & 0x3333333333333333U);
      bytes += (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fU;
    }
    const std::uint64_t pairs = (bytes & 0x00ff00ff00ff00ffU) + (bytes >> 8 & 0x00ff00ff00ff00ffU);
    ones += static_cast<index_t>(pairs * 0x0001000100010001U >> 48);
  }
  return ones;
}

}  // namespace gftcore
