// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "contour.hpp"

namespace {

using Word = std::uint64_t;
using gftcore::simd::ContourJob;

int ones(Word word) { return __builtin_popcountll(word); }

#include "contour_body.inl"

}  // namespace

void gftcore::simd::contour_row_avx512(const ContourJob& job) { run(job); }
