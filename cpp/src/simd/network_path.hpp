// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "network.hpp"

namespace gftcore::simd {

/// For float, every `width` is a multiple of 16. Rows lie one behind the other.

/// z = start + alpha * step, h = act(z). Without `step`, z is what it holds already.
template <class Real>
struct AdvanceJob {
  const Real* start;            // [rows, width]
  std::ptrdiff_t start_stride;  // 0: one row for all
  const Real* step;             // [rows, width], or null
  Real alpha;
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  Real* z;  // [rows, width]
  Real* h;  // [rows, width]
  Act act;
};

/// out = g times the quotient (act(b) - act(a)) / (b - a), without cancellation, which is the slope
/// where a = b. With `add`, out += weight * that.
template <class Real>
struct QuotientJob {
  const Real* g;            // [rows, width]
  std::ptrdiff_t g_stride;  // 0: one row for all
  const Real* a;            // [rows, width]; not read for Act::none
  const Real* b;            // may be the same memory
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  Act act;
  bool add;
  Real weight;
  Real* out;  // [rows, width]
};

/// out[e] += weight * scale[v] * <left[v], right[col[e]]> for the edges e of each row v.
template <class Real>
struct EdgeDotJob {
  const Real* left;   // [rows, width]
  const Real* right;  // [.., width]
  const std::int32_t* rowptr;
  const std::int32_t* col;
  const Real* scale;  // [rows]
  Real weight;
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  Real* out;
};

template <class Real>
struct PathKernels {
  void (*advance)(const AdvanceJob<Real>&);
  void (*quotient)(const QuotientJob<Real>&);
  void (*edge_dot)(const EdgeDotJob<Real>&);
};

PathKernels<float> path_scalar();
PathKernels<double> path_exact();  // scalar, any width
PathKernels<float> path_avx2();
PathKernels<float> path_avx512();

}  // namespace gftcore::simd
