// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "gftcore/nn/sage_layer.hpp"

namespace gftcore {

/// Statistics of the columns of a matrix.
struct ColumnMoments {
  std::span<double> mean;
  std::span<double> variance;  // divided by the number of rows
};

/// Mean and variance over the rows, of which there must be one at least. Sums go over blocks of 256
/// rows, in their order: equal bytes for any number of threads, here and below.
template <class T>
void column_moments(MatrixView<const T> x, int threads, ColumnMoments to);

/// act((x - mean) / sqrt(variance + 1e-5) weight + bias); act is none, relu or leaky.
template <class T>
struct RowNorm {
  MatrixView<const T> x;
  std::span<const double> mean;
  std::span<const double> variance;
  std::span<const T> weight;
  std::span<const T> bias;
  Activation act = Activation::none;
};

/// Throws ShapeError or ValueError for sizes that do not fit, another act, or threads < 1.
template <class T>
void batch_norm(const RowNorm<T>& norm, int threads, MatrixView<T> out);

/// From g, the derivative by the result, to those by x, weight and bias, where mean and variance
/// are those of x.
template <class T>
struct NormGradients {
  MatrixView<T> x;
  std::span<T> weight;
  std::span<T> bias;
};

template <class T>
void batch_norm_backward(const RowNorm<T>& norm,
                         MatrixView<const T> g,
                         int threads,
                         const NormGradients<T>& to);

extern template void column_moments(MatrixView<const float> x, int threads, ColumnMoments to);
extern template void column_moments(MatrixView<const double> x, int threads, ColumnMoments to);
extern template void batch_norm(const RowNorm<float>& norm, int threads, MatrixView<float> out);
extern template void batch_norm(const RowNorm<double>& norm, int threads, MatrixView<double> out);
extern template void batch_norm_backward(const RowNorm<float>& norm,
                                         MatrixView<const float> g,
                                         int threads,
                                         const NormGradients<float>& to);
extern template void batch_norm_backward(const RowNorm<double>& norm,
                                         MatrixView<const double> g,
                                         int threads,
                                         const NormGradients<double>& to);

}  // namespace gftcore
