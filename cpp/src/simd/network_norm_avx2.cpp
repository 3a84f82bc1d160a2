// SPDX-License-Identifier: Apache-2.0
#include "network_norm.hpp"

namespace {

using Real = float;
using Lanes [[gnu::vector_size(32)]] = float;
using Unaligned [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;
constexpr std::ptrdiff_t kLanes = 8;

Lanes load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
void store(float* p, Lanes x) { *reinterpret_cast<Unaligned*>(p) = x; }
Lanes splat(float x) { return x - Lanes{}; }

#include "network_norm_body.inl"

}  // namespace

gftcore::simd::NormKernels<float> gftcore::simd::norm_avx2() { return norm_kernels(); }
