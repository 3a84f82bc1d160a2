// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "nearest.hpp"

namespace {

using Lanes = __m256i;
using Mask = __m256i;
constexpr std::ptrdiff_t kLanes = 8;

Lanes load(const std::uint32_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
void store(std::uint32_t* p, Lanes lanes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), lanes);
}
Lanes splat(std::uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); }
Lanes add(Lanes a, Lanes b) { return _mm256_add_epi32(a, b); }
Lanes lower(Lanes a, Lanes b) { return _mm256_min_epu32(a, b); }
Lanes and_bits(Lanes a, Lanes b) { return _mm256_and_si256(a, b); }
Lanes half(Lanes lanes) { return _mm256_srli_epi32(lanes, 1); }

Mask mask_of(const std::uint64_t* words, std::ptrdiff_t c) {
  const Lanes bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const Lanes bits = splat(static_cast<std::uint32_t>(words[c >> 6] >> (c & 63)) & 0xffU);
  return _mm256_cmpeq_epi32(_mm256_and_si256(bits, bit), bit);
}
Lanes keep(Mask mask, Lanes lanes) { return _mm256_and_si256(mask, lanes); }
Lanes choose(Mask mask, Lanes lanes, Lanes otherwise) {
  return _mm256_blendv_epi8(otherwise, lanes, mask);
}
/// Keys and bounds stay below 2^31, so the signed comparison serves.
Mask above(Lanes a, Lanes bound) { return _mm256_cmpgt_epi32(a, bound); }
Mask odd(Lanes lanes) {
  const Lanes one = splat(1);
  return _mm256_cmpeq_epi32(_mm256_and_si256(lanes, one), one);
}
Mask either(Mask a, Mask b) { return _mm256_or_si256(a, b); }
bool any(Mask mask) { return _mm256_testz_si256(mask, mask) == 0; }

void put_bits(Mask mask, std::uint64_t* words, std::ptrdiff_t c) {
  const auto bits = static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(mask)));
  words[c >> 6] |= std::uint64_t{bits} << (c & 63);
}

void write(Lanes lanes, std::int32_t* out, std::ptrdiff_t count) {
  if (count == kLanes) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), lanes);
  alignas(32) std::int32_t values[kLanes];
  _mm256_store_si256(reinterpret_cast<__m256i*>(values), lanes);
  for (std::ptrdiff_t i = 0; i < count; ++i) out[i] = values[i];
}

#include "nearest_body.inl"

}  // namespace

void gftcore::simd::nearest_avx2(const NearestJob& job) { run(job); }
