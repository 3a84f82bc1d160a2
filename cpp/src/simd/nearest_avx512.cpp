// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "nearest.hpp"

namespace {

using Lanes = __m512i;
using Mask = __mmask16;
constexpr std::ptrdiff_t kLanes = 16;

Lanes load(const std::uint32_t* p) { return _mm512_loadu_si512(p); }
void store(std::uint32_t* p, Lanes lanes) { _mm512_storeu_si512(p, lanes); }
Lanes splat(std::uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
Lanes add(Lanes a, Lanes b) { return _mm512_add_epi32(a, b); }
/// Zero-masked: the plain form starts from an undefined register, which g++ 12 warns about.
Lanes lower(Lanes a, Lanes b) { return _mm512_maskz_min_epu32(0xffff, a, b); }
Lanes and_bits(Lanes a, Lanes b) { return _mm512_and_si512(a, b); }
Lanes half(Lanes lanes) { return _mm512_maskz_srli_epi32(0xffff, lanes, 1); }

Mask mask_of(const std::uint64_t* words, std::ptrdiff_t c) {
  return static_cast<Mask>(words[c >> 6] >> (c & 63));
}
Lanes keep(Mask mask, Lanes lanes) { return _mm512_maskz_mov_epi32(mask, lanes); }
Lanes choose(Mask mask, Lanes lanes, Lanes otherwise) {
  return _mm512_mask_mov_epi32(otherwise, mask, lanes);
}
Mask above(Lanes a, Lanes bound) { return _mm512_cmpgt_epu32_mask(a, bound); }
Mask odd(Lanes lanes) { return _mm512_test_epi32_mask(lanes, splat(1)); }
Mask either(Mask a, Mask b) { return static_cast<Mask>(a | b); }
bool any(Mask mask) { return mask != 0; }
void put_bits(Mask mask, std::uint64_t* words, std::ptrdiff_t c) {
  words[c >> 6] |= std::uint64_t{mask} << (c & 63);
}

void write(Lanes lanes, std::int32_t* out, std::ptrdiff_t count) {
  if (count == kLanes) return _mm512_storeu_si512(out, lanes);
  _mm512_mask_storeu_epi32(out, static_cast<Mask>((1U << count) - 1), lanes);
}

#include "nearest_body.inl"

}  // namespace

void gftcore::simd::nearest_avx512(const NearestJob& job) { run(job); }
