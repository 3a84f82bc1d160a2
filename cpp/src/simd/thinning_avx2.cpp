// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstdint>

#include "thinning.hpp"

namespace gftcore::simd {
namespace {

using Vector = std::uint64_t __attribute__((vector_size(32)));
constexpr int kLanes = 4;

#include "thinning_table.inl"

inline Vector load(const std::uint64_t* words) {
  return reinterpret_cast<Vector>(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(words)));
}
inline void store(std::uint64_t* words, Vector value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(words), reinterpret_cast<__m256i>(value));
}
inline unsigned any_lanes(Vector value) {
  const __m256i zero = _mm256_cmpeq_epi64(reinterpret_cast<__m256i>(value), _mm256_setzero_si256());
  return 15U ^ static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(zero)));
}

#include "thinning_body.inl"

}  // namespace

bool thin_pass_avx2(const ThinPass& pass) { return thin_pass(pass); }

}  // namespace gftcore::simd
