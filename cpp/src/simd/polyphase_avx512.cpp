// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "polyphase.hpp"

namespace {

using Lanes = __m512;
constexpr std::ptrdiff_t kLanes = 16;
constexpr int kChunks = 4;

// Zero-masked forms where the plain ones start from an undefined register: g++ 12 warns about it.
constexpr __mmask16 kAll = 0xffff;

Lanes load(const float* p) { return _mm512_loadu_ps(p); }
void store(float* p, Lanes x) { _mm512_storeu_ps(p, x); }
Lanes splat(float x) { return _mm512_set1_ps(x); }
Lanes add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
Lanes sub(Lanes a, Lanes b) { return _mm512_sub_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
Lanes root(Lanes x) { return _mm512_maskz_sqrt_ps(kAll, x); }
Lanes higher(Lanes a, Lanes b) { return _mm512_maskz_max_ps(kAll, a, b); }
std::uint64_t bits1(Lanes a, Lanes bound) { return _mm512_cmp_ps_mask(a, bound, _CMP_GT_OQ); }
std::uint64_t bits2(Lanes a, Lanes b, Lanes bound) {
  constexpr std::uint64_t kEverySecond = 0x5555'5555'5555'5555;
  return _pdep_u64(bits1(a, bound), kEverySecond) | _pdep_u64(bits1(b, bound), kEverySecond << 1);
}
std::uint64_t bits4(Lanes a, Lanes b, Lanes c, Lanes d, Lanes bound) {
  constexpr std::uint64_t kEveryFourth = 0x1111'1111'1111'1111;
  return _pdep_u64(bits1(a, bound), kEveryFourth) | _pdep_u64(bits1(b, bound), kEveryFourth << 1) |
         _pdep_u64(bits1(c, bound), kEveryFourth << 2) |
         _pdep_u64(bits1(d, bound), kEveryFourth << 3);
}

template <int kQuarters>
Lanes quarters(Lanes a, Lanes b) {
  return _mm512_maskz_shuffle_f32x4(kAll, a, b, kQuarters);
}
template <bool kHigh>
Lanes pairs_of(Lanes a, Lanes b) {
  const __m512d x = _mm512_castps_pd(a);
  const __m512d y = _mm512_castps_pd(b);
  return _mm512_castpd_ps(kHigh ? _mm512_maskz_unpackhi_pd(0xff, x, y)
                                : _mm512_maskz_unpacklo_pd(0xff, x, y));
}

void interleave2(Lanes a, Lanes b, float* out) {
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high =
      _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  store(out, _mm512_permutex2var_ps(a, low, b));
  store(out + 16, _mm512_permutex2var_ps(a, high, b));
}

void interleave4(Lanes a, Lanes b, Lanes c, Lanes d, float* out) {
  const Lanes ab_low = _mm512_maskz_unpacklo_ps(kAll, a, b);
  const Lanes ab_high = _mm512_maskz_unpackhi_ps(kAll, a, b);
  const Lanes cd_low = _mm512_maskz_unpacklo_ps(kAll, c, d);
  const Lanes cd_high = _mm512_maskz_unpackhi_ps(kAll, c, d);
  // Quarter q of laneK holds the four values of lane 4 q + K.
  const Lanes lane0 = pairs_of<false>(ab_low, cd_low);
  const Lanes lane1 = pairs_of<true>(ab_low, cd_low);
  const Lanes lane2 = pairs_of<false>(ab_high, cd_high);
  const Lanes lane3 = pairs_of<true>(ab_high, cd_high);
  constexpr int kEven = 0x88;
  constexpr int kOdd = 0xdd;
  const Lanes even01 = quarters<kEven>(lane0, lane1);
  const Lanes even23 = quarters<kEven>(lane2, lane3);
  const Lanes odd01 = quarters<kOdd>(lane0, lane1);
  const Lanes odd23 = quarters<kOdd>(lane2, lane3);
  store(out, quarters<kEven>(even01, even23));
  store(out + 16, quarters<kEven>(odd01, odd23));
  store(out + 32, quarters<kOdd>(even01, even23));
  store(out + 48, quarters<kOdd>(odd01, odd23));
}

#include "polyphase_body.inl"

}  // namespace

void gftcore::simd::upsample_avx512(const UpsampleJob& job) { run_upsample(job); }
void gftcore::simd::ridge_avx512(const RidgeJob& job) { run_ridge(job); }

void gftcore::simd::above_avx512(const float* values,
                                 std::ptrdiff_t count,
                                 float threshold,
                                 std::uint64_t* words) {
  const Lanes bound = splat(threshold);
  for (std::ptrdiff_t begin = 0; begin < count; begin += 64) {
    std::uint64_t word = 0;
    for (std::ptrdiff_t i = 0; i < 64 && begin + i < count; i += kLanes) {
      const std::ptrdiff_t left = count - begin - i;
      const auto inside = left < kLanes ? static_cast<__mmask16>((1U << left) - 1) : kAll;
      const Lanes x = _mm512_maskz_loadu_ps(inside, values + begin + i);
      word |= std::uint64_t{_mm512_mask_cmp_ps_mask(inside, x, bound, _CMP_GT_OQ)} << i;
    }
    words[begin / 64] = word;
  }
}
