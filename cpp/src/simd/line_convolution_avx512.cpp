// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "line_convolution.hpp"

namespace {

using Lanes = __m512;
constexpr std::ptrdiff_t kLanes = 16;

Lanes load(const float* p) { return _mm512_loadu_ps(p); }
void store(float* p, Lanes x) { _mm512_storeu_ps(p, x); }
Lanes splat(float x) { return _mm512_set1_ps(x); }
Lanes add(Lanes a, Lanes b) { return _mm512_add_ps(a, b); }
Lanes sub(Lanes a, Lanes b) { return _mm512_sub_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm512_mul_ps(a, b); }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }
// Zero-masked, as the plain forms start from an undefined register: g++ 12 warns about it.
Lanes higher(Lanes a, Lanes b) { return _mm512_maskz_max_ps(0xffff, a, b); }
Lanes lower(Lanes a, Lanes b) { return _mm512_maskz_min_ps(0xffff, a, b); }

#include "line_convolution_body.inl"

}  // namespace

void gftcore::simd::add_lines_avx512(const LineJob& job) { run_add_lines(job); }
