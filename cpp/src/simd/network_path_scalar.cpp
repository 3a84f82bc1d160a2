// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>

#include "network_path.hpp"

namespace {

namespace single {

#include "network_four.inl"

Lanes sub(Lanes a, Lanes b) { return a - b; }
Lanes div(Lanes a, Lanes b) { return a / b; }
Lanes lower(Lanes a, Lanes b) { return a < b ? a : b; }
Lanes above(Lanes x, Lanes a, Lanes b) { return x > 0 ? a : b; }

#include "network_path_body.inl"

}  // namespace single

namespace exact {

using Real = double;
using Lanes = double;
constexpr std::ptrdiff_t kLanes = 1;

Lanes load(const double* p) { return *p; }
void store(double* p, Lanes x) { *p = x; }
Lanes splat(double x) { return x; }
Lanes add(Lanes a, Lanes b) { return a + b; }
Lanes sub(Lanes a, Lanes b) { return a - b; }
Lanes mul(Lanes a, Lanes b) { return a * b; }
Lanes div(Lanes a, Lanes b) { return a / b; }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return a * b + c; }
Lanes higher(Lanes a, Lanes b) { return a > b ? a : b; }
Lanes lower(Lanes a, Lanes b) { return a < b ? a : b; }
Lanes above(Lanes x, Lanes a, Lanes b) { return x > 0 ? a : b; }
Lanes elu(Lanes x) { return x > 0 ? x : std::expm1(x); }

#include "network_path_body.inl"

}  // namespace exact

}  // namespace

gftcore::simd::PathKernels<float> gftcore::simd::path_scalar() { return single::path_kernels(); }

gftcore::simd::PathKernels<double> gftcore::simd::path_exact() { return exact::path_kernels(); }
