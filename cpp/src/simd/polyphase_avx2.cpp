// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "polyphase.hpp"

namespace {

using Lanes = __m256;
constexpr std::ptrdiff_t kLanes = 8;
constexpr int kChunks = 2;

Lanes load(const float* p) { return _mm256_loadu_ps(p); }
void store(float* p, Lanes x) { _mm256_storeu_ps(p, x); }
Lanes splat(float x) { return _mm256_set1_ps(x); }
Lanes add(Lanes a, Lanes b) { return _mm256_add_ps(a, b); }
Lanes sub(Lanes a, Lanes b) { return _mm256_sub_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm256_mul_ps(a, b); }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm256_fmadd_ps(a, b, c); }
Lanes root(Lanes x) { return _mm256_sqrt_ps(x); }
Lanes higher(Lanes a, Lanes b) { return _mm256_max_ps(a, b); }
std::uint64_t bits1(Lanes a, Lanes bound) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a, bound, _CMP_GT_OQ)));
}
/// Bits of a vector whose upper half comes `gap` values after its lower half.
std::uint64_t halves(Lanes a, Lanes bound, int gap) {
  const std::uint64_t bits = bits1(a, bound);
  return (bits & 15) | (bits >> 4) << gap;
}
std::uint64_t bits2(Lanes a, Lanes b, Lanes bound) {
  return halves(_mm256_unpacklo_ps(a, b), bound, 8) | halves(_mm256_unpackhi_ps(a, b), bound, 8)
                                                          << 4;
}
std::uint64_t bits4(Lanes a, Lanes b, Lanes c, Lanes d, Lanes bound) {
  const __m256d ab_low = _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
  const __m256d ab_high = _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
  const __m256d cd_low = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
  const __m256d cd_high = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
  return halves(_mm256_castpd_ps(_mm256_unpacklo_pd(ab_low, cd_low)), bound, 16) |
         halves(_mm256_castpd_ps(_mm256_unpackhi_pd(ab_low, cd_low)), bound, 16) << 4 |
         halves(_mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high)), bound, 16) << 8 |
         halves(_mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high)), bound, 16) << 12;
}

Lanes low_halves(__m256d a, __m256d b) {
  return _mm256_castpd_ps(_mm256_permute2f128_pd(a, b, 0x20));
}
Lanes high_halves(__m256d a, __m256d b) {
  return _mm256_castpd_ps(_mm256_permute2f128_pd(a, b, 0x31));
}

void interleave2(Lanes a, Lanes b, float* out) {
  const Lanes low = _mm256_unpacklo_ps(a, b);
  const Lanes high = _mm256_unpackhi_ps(a, b);
  store(out, _mm256_permute2f128_ps(low, high, 0x20));
  store(out + 8, _mm256_permute2f128_ps(low, high, 0x31));
}

void interleave4(Lanes a, Lanes b, Lanes c, Lanes d, float* out) {
  const __m256d ab_low = _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
  const __m256d ab_high = _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
  const __m256d cd_low = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
  const __m256d cd_high = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
  // Each holds the four values of one lane below those of the lane four further.
  const __m256d lane0 = _mm256_unpacklo_pd(ab_low, cd_low);
  const __m256d lane1 = _mm256_unpackhi_pd(ab_low, cd_low);
  const __m256d lane2 = _mm256_unpacklo_pd(ab_high, cd_high);
  const __m256d lane3 = _mm256_unpackhi_pd(ab_high, cd_high);
  store(out, low_halves(lane0, lane1));
  store(out + 8, low_halves(lane2, lane3));
  store(out + 16, high_halves(lane0, lane1));
  store(out + 24, high_halves(lane2, lane3));
}

#include "polyphase_body.inl"

}  // namespace

void gftcore::simd::upsample_avx2(const UpsampleJob& job) { run_upsample(job); }
void gftcore::simd::ridge_avx2(const RidgeJob& job) { run_ridge(job); }

void gftcore::simd::above_avx2(const float* values,
                               std::ptrdiff_t count,
                               float threshold,
                               std::uint64_t* words) {
  const Lanes bound = splat(threshold);
  for (std::ptrdiff_t begin = 0; begin < count; begin += 64) {
    const std::ptrdiff_t bits = count - begin < 64 ? count - begin : 64;
    std::uint64_t word = 0;
    std::ptrdiff_t i = 0;
    for (; i + kLanes <= bits; i += kLanes) {
      const Lanes greater = _mm256_cmp_ps(load(values + begin + i), bound, _CMP_GT_OQ);
      word |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_ps(greater))} << i;
    }
    for (; i < bits; ++i) word |= std::uint64_t{values[begin + i] > threshold} << i;
    words[begin / 64] = word;
  }
}
