// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "network_outer.hpp"

namespace {

namespace single {

using Real = float;
// Four floats that the compiler maps to what every processor of the architecture has.
using Lanes [[gnu::vector_size(16)]] = float;
constexpr std::ptrdiff_t kLanes = 4;
constexpr int kSide = 2;
constexpr int kTall = 6;

Lanes load(const float* p) {
  Lanes x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
void store(float* p, Lanes x) { std::memcpy(p, &x, sizeof x); }
Lanes splat(float x) { return Lanes{x, x, x, x}; }
Lanes add(Lanes a, Lanes b) { return a + b; }
Lanes mul(Lanes a, Lanes b) { return a * b; }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return a * b + c; }
Lanes above(Lanes x, Lanes a, Lanes b) { return x > 0 ? a : b; }

#include "network_outer_body.inl"

}  // namespace single

namespace exact {

using Real = double;
using Lanes = double;
constexpr std::ptrdiff_t kLanes = 1;
constexpr int kSide = 8;
constexpr int kTall = 4;

Lanes load(const double* p) { return *p; }
void store(double* p, Lanes x) { *p = x; }
Lanes splat(double x) { return x; }
Lanes add(Lanes a, Lanes b) { return a + b; }
Lanes mul(Lanes a, Lanes b) { return a * b; }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return a * b + c; }
Lanes above(Lanes x, Lanes a, Lanes b) { return x > 0 ? a : b; }

#include "network_outer_body.inl"

}  // namespace exact

}  // namespace

gftcore::simd::OuterKernels<float> gftcore::simd::outer_scalar() { return single::outer_kernels(); }

gftcore::simd::OuterKernels<double> gftcore::simd::outer_exact() { return exact::outer_kernels(); }
