// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace gftcore::simd {

/// out[i, j] = sum over rows k of left[k, i] * right[k, j], in the order of the rows: the product
/// of a transposed matrix with another one. For float, `width` is a multiple of 16.
template <class Real>
struct OuterJob {
  const Real* left;   // [rows, height]
  const Real* right;  // [rows, width]
  std::ptrdiff_t rows;
  std::ptrdiff_t height;
  std::ptrdiff_t width;
  Real* out;  // [height, width]
};

template <class Real>
using OuterKernel = void (*)(const OuterJob<Real>&);

OuterKernel<float> outer_scalar();
OuterKernel<double> outer_exact();  // scalar, any width
OuterKernel<float> outer_avx2();
OuterKernel<float> outer_avx512();

}  // namespace gftcore::simd
