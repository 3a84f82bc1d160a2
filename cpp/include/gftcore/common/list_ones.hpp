// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "gftcore/common/count_ones.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Entries that list_ones may write beyond the last one.
inline constexpr index_t kListSpare = 8;

/// Write the columns of the ones of `count` words, word(k) being the k-th, ascending; returns the
/// end. Eight at a time are written, be there as many or not, since guessing how many there are
/// costs more; the next word overwrites what was too much.
template <class Word>
std::int32_t* list_ones(index_t count, Word word, std::int32_t* out) {
  constexpr std::uint64_t kNotZero = std::uint64_t{1} << 63;
  for (index_t k = 0; k < count; ++k) {
    std::uint64_t rest = word(k);
    const auto first_col = static_cast<std::int32_t>(64 * k);
    std::int32_t* const end = out + count_ones(rest);
    do {
      for (index_t i = 0; i < kListSpare; ++i) {
        out[i] = first_col + std::countr_zero(rest | kNotZero);
        rest &= rest - 1;
      }
      out += kListSpare;
    } while (rest != 0);
    out = end;
  }
  return out;
}

}  // namespace gftcore
