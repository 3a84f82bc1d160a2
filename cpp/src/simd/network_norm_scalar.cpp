// SPDX-License-Identifier: Apache-2.0
#include "network_norm.hpp"

namespace {

namespace single {

using Real = float;
// Four floats that the compiler maps to what every processor of the architecture has.
using Lanes [[gnu::vector_size(16)]] = float;
using Unaligned [[gnu::vector_size(16), gnu::aligned(4), gnu::may_alias]] = float;
constexpr std::ptrdiff_t kLanes = 4;

Lanes load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
void store(float* p, Lanes x) { *reinterpret_cast<Unaligned*>(p) = x; }
Lanes splat(float x) { return x - Lanes{}; }

#include "network_norm_body.inl"

}  // namespace single

namespace exact {

using Real = double;
using Lanes = double;
constexpr std::ptrdiff_t kLanes = 1;

Lanes load(const double* p) { return *p; }
void store(double* p, Lanes x) { *p = x; }
Lanes splat(double x) { return x; }

#include "network_norm_body.inl"

}  // namespace exact

}  // namespace

gftcore::simd::NormKernels<float> gftcore::simd::norm_scalar() { return single::norm_kernels(); }

gftcore::simd::NormKernels<double> gftcore::simd::norm_exact() { return exact::norm_kernels(); }
