// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace gftcore::simd {

/// For float, every `width` is a multiple of 16.

/// What an activation does below 0.
enum class NormAct { none, relu, leaky };

/// Which elements a dropout keeps is a function of the seed, the row and the column alone.
template <class Real>
struct Dropped {
  std::uint64_t seed = 0;
  std::uint32_t below = 0;  // an element is dropped where its 32 random bits are below this
  Real factor = 1;          // of those that are kept
};

/// mean = that of the rows, square = sum of the squared distances from it.
template <class Real>
struct MomentsJob {
  const Real* x;  // [rows, width]
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  Real* mean;    // [width]
  Real* square;  // [width]
};

/// out = dropout of act(x scale + shift).
template <class Real>
struct AffineJob {
  const Real* x;  // [rows, width]; may be `out`
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  const Real* scale;  // [width]; null means 1, and no shift
  const Real* shift;  // [width]
  NormAct act;
  Dropped<Real> dropped;
  std::ptrdiff_t row;  // number of the first row
  Real* out;           // [rows, width]
};

/// Backwards: with y = x scale + shift and d = g times dropout and slope at y, either
/// sum = sum of d and moment = sum of d (x - mean) over the rows, or to = d scale + x slant + level.
template <class Real>
struct AffineBackJob {
  AffineJob<Real> forward;
  const Real* g;     // [rows, width]
  const Real* mean;  // [width]
  Real* sum;         // [width]
  Real* moment;      // [width]
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
