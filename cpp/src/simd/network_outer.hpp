// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace gftcore::simd {

/// For float, every `width` is a multiple of 16.

/// out[i, j] = sum over rows k of left[k, i] * right[k, j], in the order of the rows: the product
/// of a transposed matrix with another one.
template <class Real>
struct OuterJob {
  const Real* left;   // [rows, height]
  const Real* right;  // [rows, width]
  std::ptrdiff_t rows;
  std::ptrdiff_t height;
  std::ptrdiff_t width;
  Real* out;  // [height, width]
};

/// What an activation multiplies derivatives by where its result is not above 0; above it is 1.
enum class Below { one, zero, leaky, result };  // 1, 0, 0.01, result + 1

/// to = g times the slope at the activation's result, sum = its sum over the rows.
template <class Real>
struct SlopeJob {
  const Real* g;       // [rows, width]
  const Real* result;  // [rows, width]
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  Below below;
  Real* to;   // [rows, width]; not written for Below::one
  Real* sum;  // [width]
};

template <class Real>
struct OuterKernels {
  void (*outer)(const OuterJob<Real>&);
  void (*slope)(const SlopeJob<Real>&);
};

OuterKernels<float> outer_scalar();
OuterKernels<double> outer_exact();  // scalar, any width
OuterKernels<float> outer_avx2();
OuterKernels<float> outer_avx512();

}  // namespace gftcore::simd
