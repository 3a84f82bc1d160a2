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
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm512_fmadd_ps(a, b, c); }

#include "network_outer_body.inl"

}  // namespace

gftcore::simd::OuterKernel<float> gftcore::simd::outer_avx512() { return run_outer; }
