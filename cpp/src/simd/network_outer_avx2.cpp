// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "network_outer.hpp"

namespace {

using Real = float;
using Lanes = __m256;
constexpr std::ptrdiff_t kLanes = 8;
constexpr int kSide = 2;
constexpr int kTall = 6;

Lanes load(const float* p) { return _mm256_loadu_ps(p); }
void store(float* p, Lanes x) { _mm256_storeu_ps(p, x); }
Lanes splat(float x) { return _mm256_set1_ps(x); }
Lanes add(Lanes a, Lanes b) { return _mm256_add_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm256_mul_ps(a, b); }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm256_fmadd_ps(a, b, c); }

Lanes above(Lanes x, Lanes a, Lanes b) {
  return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ));
}

#include "network_outer_body.inl"

}  // namespace

gftcore::simd::OuterKernels<float> gftcore::simd::outer_avx2() { return outer_kernels(); }
