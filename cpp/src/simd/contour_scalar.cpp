// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "contour.hpp"

namespace {

using Word = std::uint64_t;
using gftcore::simd::ContourJob;

/// Counted in parallel fields: a processor without an instruction for it would call a table.
int ones(Word word) {
  word -= word >> 1 & 0x5555555555555555U;
  word = (word & 0x3333333333333333U) + (word >> 2 & 0x3333333333333333U);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fU;
  return static_cast<int>(word * 0x0101010101010101U >> 56);
}

#include "contour_body.inl"

}  // namespace

void gftcore::simd::contour_row_scalar(const ContourJob& job) { run(job); }
