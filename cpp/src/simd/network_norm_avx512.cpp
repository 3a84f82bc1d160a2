// SPDX-License-Identifier: Apache-2.0
#include "network_norm.hpp"

namespace {

using Real = float;
using Lanes [[gnu::vector_size(64)]] = float;
using Words [[gnu::vector_size(64)]] = std::uint32_t;
using Unaligned [[gnu::vector_size(64), gnu::aligned(4), gnu::may_alias]] = float;
constexpr std::ptrdiff_t kLanes = 16;

Lanes load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
void store(float* p, Lanes x) { *reinterpret_cast<Unaligned*>(p) = x; }
Lanes splat(float x) { return x - Lanes{}; }
Words words(std::uint32_t x) { return x - Words{}; }
Words places() { return Words{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }

#include "network_norm_body.inl"

}  // namespace

gftcore::simd::NormKernels<float> gftcore::simd::norm_avx512() { return norm_kernels(); }
