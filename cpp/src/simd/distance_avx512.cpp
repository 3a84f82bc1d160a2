// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "distance.hpp"

namespace {

using Lanes = __m512i;
using Mask = __mmask32;
constexpr std::ptrdiff_t kLanes = 32;

Lanes load(const std::uint16_t* p) { return _mm512_loadu_si512(p); }
void store(std::uint16_t* p, Lanes lanes) { _mm512_storeu_si512(p, lanes); }
Lanes splat(std::uint16_t x) { return _mm512_set1_epi16(static_cast<short>(x)); }
Lanes lower(Lanes a, Lanes b) { return _mm512_min_epu16(a, b); }
Lanes add_saturated(Lanes a, Lanes b) { return _mm512_adds_epu16(a, b); }

/// 255^2 is beyond the reach already, so a larger distance needs no exact square.
Lanes square_capped(Lanes g) {
  const Lanes capped = _mm512_min_epu16(g, splat(255));
  return _mm512_mullo_epi16(capped, capped);
}

Mask mask_of(const std::uint64_t* words, std::ptrdiff_t c) {
  return static_cast<Mask>(words[c >> 6] >> (c & 63));
}
Lanes keep(Mask mask, Lanes lanes) { return _mm512_maskz_mov_epi16(mask, lanes); }
bool any(Mask mask) { return mask != 0; }
bool any_above(Lanes a, Lanes bound) { return _mm512_cmpgt_epu16_mask(a, bound) != 0; }

void write(Lanes lanes, std::int32_t* out, std::ptrdiff_t count) {
  // Zero-masked forms: the plain ones start from an undefined register, which g++ 12 warns about.
  const __m256i first = _mm512_maskz_extracti64x4_epi64(0xf, lanes, 0);
  const __m256i second = _mm512_maskz_extracti64x4_epi64(0xf, lanes, 1);
  const __m512i low = _mm512_maskz_cvtepu16_epi32(0xffff, first);
  const __m512i high = _mm512_maskz_cvtepu16_epi32(0xffff, second);
  if (count == kLanes) {
    _mm512_storeu_si512(out, low);
    _mm512_storeu_si512(out + 16, high);
    return;
  }
  const std::uint32_t inside = (std::uint32_t{1} << count) - 1;
  _mm512_mask_storeu_epi32(out, static_cast<__mmask16>(inside), low);
  _mm512_mask_storeu_epi32(out + 16, static_cast<__mmask16>(inside >> 16), high);
}

#include "distance_body.inl"

}  // namespace

void gftcore::simd::distance_avx512(const DistanceJob& job) { run(job); }
