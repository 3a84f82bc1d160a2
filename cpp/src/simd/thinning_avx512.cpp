// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstdint>

#include "thinning.hpp"

namespace gftcore::simd {
namespace {

using Vector = std::uint64_t __attribute__((vector_size(64)));
constexpr int kLanes = 8;

inline __m512i raw(Vector value) { return reinterpret_cast<__m512i>(value); }
inline Vector load(const std::uint64_t* words) {
  return reinterpret_cast<Vector>(_mm512_loadu_si512(words));
}
inline void store(std::uint64_t* words, Vector value) { _mm512_storeu_si512(words, raw(value)); }
inline unsigned any_lanes(Vector value) { return _mm512_test_epi64_mask(raw(value), raw(value)); }

template <unsigned kTable>
Vector table(Vector a, Vector b, Vector c) {
  return reinterpret_cast<Vector>(
      _mm512_ternarylogic_epi64(raw(a), raw(b), raw(c), static_cast<int>(kTable)));
}
inline Vector choose(Vector s, Vector a, Vector b) { return table<0xca>(s, a, b); }

#include "thinning_body.inl"

}  // namespace

bool thin_pass_avx512(const ThinPass& pass) { return thin_pass(pass); }

}  // namespace gftcore::simd
