// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "network_path.hpp"

namespace {

using Real = float;
using Lanes = __m256;
constexpr std::ptrdiff_t kLanes = 8;

Lanes load(const float* p) { return _mm256_loadu_ps(p); }
void store(float* p, Lanes x) { _mm256_storeu_ps(p, x); }
Lanes splat(float x) { return _mm256_set1_ps(x); }
Lanes add(Lanes a, Lanes b) { return _mm256_add_ps(a, b); }
Lanes sub(Lanes a, Lanes b) { return _mm256_sub_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm256_mul_ps(a, b); }
Lanes div(Lanes a, Lanes b) { return _mm256_div_ps(a, b); }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm256_fmadd_ps(a, b, c); }
Lanes higher(Lanes a, Lanes b) { return _mm256_max_ps(a, b); }
Lanes lower(Lanes a, Lanes b) { return _mm256_min_ps(a, b); }
Lanes above(Lanes x, Lanes a, Lanes b) {
  return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ));
}
Lanes nearest(Lanes x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
Lanes two_to(Lanes n) {
  const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

#include "network_elu.inl"

#include "network_path_body.inl"

}  // namespace

gftcore::simd::PathKernels<float> gftcore::simd::path_avx2() { return path_kernels(); }
