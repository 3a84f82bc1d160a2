// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "line_convolution.hpp"

namespace {

using Lanes = __m256;
constexpr std::ptrdiff_t kLanes = 8;

Lanes load(const float* p) { return _mm256_loadu_ps(p); }
void store(float* p, Lanes x) { _mm256_storeu_ps(p, x); }
Lanes splat(float x) { return _mm256_set1_ps(x); }
Lanes add(Lanes a, Lanes b) { return _mm256_add_ps(a, b); }
Lanes sub(Lanes a, Lanes b) { return _mm256_sub_ps(a, b); }
Lanes mul(Lanes a, Lanes b) { return _mm256_mul_ps(a, b); }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return _mm256_fmadd_ps(a, b, c); }
Lanes higher(Lanes a, Lanes b) { return _mm256_max_ps(a, b); }
Lanes lower(Lanes a, Lanes b) { return _mm256_min_ps(a, b); }

#include "line_convolution_body.inl"

}  // namespace

void gftcore::simd::add_lines_avx2(const LineJob& job) { run_add_lines(job); }
