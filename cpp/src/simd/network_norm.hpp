// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace gftcore::simd {

/// For float, every `width` is a multiple of 16.

/// What an activation does below 0.
enum class NormAct { none, relu, leaky };

/// mean = that of the rows, square = sum of the squared distances from it.
template <class Real>
struct MomentsJob {
  const Real* x;  // [rows, width]
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  Real* mean;    // [width]
  Real* square;  // [width]
};

/// out = act(x scale + shift).
template <class Real>
struct AffineJob {
  const Real* x;  // [rows, width]
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  const Real* scale;  // [width]
  const Real* shift;  // [width]
  NormAct act;
  Real* out;  // [rows, width]
};

/// Backwards: with y = x scale + shift and d = g times the slope at y, either sum = sum of d and
/// moment = sum of d (x - mean) over the rows, or to = d scale + x slant + level.
template <class Real>
struct AffineBackJob {
  AffineJob<Real> forward;
  const Real* g;      // [rows, width]
  const Real* mean;   // [width]
  Real* sum;          // [width]
  Real* moment;       // [width]
  const Real* slant;  // [width]
  const Real* level;  // [width]
  Real* to;           // [rows, width]
};

template <class Real>
struct NormKernels {
  void (*moments)(const MomentsJob<Real>&);
  void (*affine)(const AffineJob<Real>&);
  void (*sums)(const AffineBackJob<Real>&);
  void (*back)(const AffineBackJob<Real>&);
};

NormKernels<float> norm_scalar();
NormKernels<double> norm_exact();  // scalar, any width
NormKernels<float> norm_avx2();
NormKernels<float> norm_avx512();

}  // namespace gftcore::simd
