// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "network_path.hpp"

namespace {

using Real = float;
using Lanes = __m512;
constexpr std::ptrdiff_t kLanes = 16;

Lanes load(const float* p) { return _mm512_loadu_ps(p); }
void store(float* p, Lanes x) { _mm512_storeu_ps(p, x); }
Lanes splat(float x) { return _mm512_set1_ps(x); }
Lanes add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
Lanes sub(Lanes a, Lanes b) { return _mm512_sub_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
Lanes div(Lanes a, Lanes b) { return _mm512_div_ps(a, b); }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
// Zero-masked, as the plain forms start from an undefined register: g++ 12 warns about it.
Lanes higher(Lanes a, Lanes b) { return _mm512_maskz_max_ps(0xffff, a, b); }
Lanes lower(Lanes a, Lanes b) { return _mm512_maskz_min_ps(0xffff, a, b); }
Lanes above(Lanes x, Lanes a, Lanes b) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ), b, a);
}
Lanes nearest(Lanes x) {
  return _mm512_maskz_roundscale_ps(0xffff, x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
Lanes two_to(Lanes n) { return _mm512_maskz_scalef_ps(0xffff, splat(1.0F), n); }

#include "network_elu.inl"

#include "network_path_body.inl"

}  // namespace

gftcore::simd::PathKernels<float> gftcore::simd::path_avx512() { return path_kernels(); }
