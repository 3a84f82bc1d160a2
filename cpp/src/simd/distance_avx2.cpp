// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "distance.hpp"

namespace {

using Lanes = __m256i;
using Mask = std::uint32_t;
constexpr std::ptrdiff_t kLanes = 16;

Lanes load(const std::uint16_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
void store(std::uint16_t* p, Lanes lanes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), lanes);
}
Lanes splat(std::uint16_t x) { return _mm256_set1_epi16(static_cast<short>(x)); }
Lanes lower(Lanes a, Lanes b) { return _mm256_min_epu16(a, b); }
Lanes add_saturated(Lanes a, Lanes b) { return _mm256_adds_epu16(a, b); }

/// 255^2 is beyond the reach already, so a larger distance needs no exact square.
Lanes square_capped(Lanes g) {
  const Lanes capped = _mm256_min_epu16(g, splat(255));
  return _mm256_mullo_epi16(capped, capped);
}

Mask mask_of(const std::uint64_t* words, std::ptrdiff_t c) {
  return static_cast<Mask>(words[c >> 6] >> (c & 63)) & 0xffffU;
}
Lanes keep(Mask mask, Lanes lanes) {
  const Lanes bit = _mm256_setr_epi16(1,
                                      2,
                                      4,
                                      8,
                                      16,
                                      32,
                                      64,
                                      128,
                                      256,
                                      512,
                                      1024,
                                      2048,
                                      4096,
                                      8192,
                                      16384,
                                      static_cast<short>(32768));
  const Lanes own = _mm256_and_si256(_mm256_set1_epi16(static_cast<short>(mask)), bit);
  return _mm256_and_si256(_mm256_cmpeq_epi16(own, bit), lanes);
}
bool any(Mask mask) { return mask != 0; }
bool any_above(Lanes a, Lanes bound) {
  const Lanes excess = _mm256_subs_epu16(a, bound);
  return _mm256_testz_si256(excess, excess) == 0;
}

void write(Lanes lanes, std::int32_t* out, std::ptrdiff_t count) {
  const __m256i low = _mm256_cvtepu16_epi32(_mm256_castsi256_si128(lanes));
  const __m256i high = _mm256_cvtepu16_epi32(_mm256_extracti128_si256(lanes, 1));
  if (count == kLanes) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 8), high);
    return;
  }
  alignas(32) std::int32_t wide[kLanes];
  _mm256_store_si256(reinterpret_cast<__m256i*>(wide), low);
  _mm256_store_si256(reinterpret_cast<__m256i*>(wide + 8), high);
  for (std::ptrdiff_t i = 0; i < count; ++i) out[i] = wide[i];
}

#include "distance_body.inl"

}  // namespace

void gftcore::simd::distance_avx2(const DistanceJob& job) { run(job); }
