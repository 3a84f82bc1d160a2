// SPDX-License-Identifier: Apache-2.0
#include "line_convolution.hpp"

namespace {

using Lanes = float;
constexpr std::ptrdiff_t kLanes = 1;

Lanes load(const float* p) { return *p; }
void store(float* p, Lanes x) { *p = x; }
Lanes splat(float x) { return x; }
Lanes add(Lanes a, Lanes b) { return a + b; }
Lanes sub(Lanes a, Lanes b) { return a - b; }
Lanes mul(Lanes a, Lanes b) { return a * b; }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return a * b + c; }
Lanes higher(Lanes a, Lanes b) { return a > b ? a : b; }
Lanes lower(Lanes a, Lanes b) { return a < b ? a : b; }

#include "line_convolution_body.inl"

}  // namespace

void gftcore::simd::add_lines_scalar(const LineJob& job) { run_add_lines(job); }
