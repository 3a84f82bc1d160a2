// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "polyphase.hpp"

namespace {

using Lanes = float;
constexpr std::ptrdiff_t kLanes = 1;
constexpr int kChunks = 4;

Lanes load(const float* p) { return *p; }
void store(float* p, Lanes x) { *p = x; }
Lanes splat(float x) { return x; }
Lanes add(Lanes a, Lanes b) { return a + b; }
Lanes sub(Lanes a, Lanes b) { return a - b; }
Lanes mul(Lanes a, Lanes b) { return a * b; }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return a * b + c; }
Lanes root(Lanes x) { return std::sqrt(x); }
Lanes higher(Lanes a, Lanes b) { return a > b ? a : b; }
std::uint64_t bits1(Lanes a, Lanes bound) { return a > bound ? 1 : 0; }
std::uint64_t bits2(Lanes a, Lanes b, Lanes bound) {
  return bits1(a, bound) | bits1(b, bound) << 1;
}
std::uint64_t bits4(Lanes a, Lanes b, Lanes c, Lanes d, Lanes bound) {
  return bits2(a, b, bound) | bits2(c, d, bound) << 2;
}

void interleave2(Lanes a, Lanes b, float* out) {
  out[0] = a;
  out[1] = b;
}

void interleave4(Lanes a, Lanes b, Lanes c, Lanes d, float* out) {
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = d;
}

#include "polyphase_body.inl"

}  // namespace

void gftcore::simd::upsample_scalar(const UpsampleJob& job) { run_upsample(job); }
void gftcore::simd::ridge_scalar(const RidgeJob& job) { run_ridge(job); }

void gftcore::simd::above_scalar(const float* values,
                                 std::ptrdiff_t count,
                                 float threshold,
                                 std::uint64_t* words) {
  for (std::ptrdiff_t begin = 0; begin < count; begin += 64) {
    const std::ptrdiff_t bits = count - begin < 64 ? count - begin : 64;
    std::uint64_t word = 0;
    for (std::ptrdiff_t i = 0; i < bits; ++i) {
      word |= std::uint64_t{values[begin + i] > threshold} << i;
    }
    words[begin / 64] = word;
  }
}
