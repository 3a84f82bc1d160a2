// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "network_outer.hpp"

namespace {

using Real = float;
using Lanes = __m512;
constexpr std::ptrdiff_t kLanes = 16;
constexpr int kSide = 4;
constexpr int kTall = 6;

Lanes load(const float* p) { return _mm512_loadu_ps(p); }
void store(float* p, Lanes x) { _mm512_storeu_ps(p, x); }
Lanes splat(float x) { return _mm512_set1_ps(x); }
Lanes add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }

Lanes above(Lanes x, Lanes a, Lanes b) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, splat(0.0F), _CMP_GT_OQ), b, a);
}

#include "network_outer_body.inl"

}  // namespace

gftcore::simd::OuterKernels<float> gftcore::simd::outer_avx512() { return outer_kernels(); }
