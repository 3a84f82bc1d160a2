// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "gftcore/nn/network.hpp"
#include "gftcore/nn/program.hpp"

namespace gftcore::nn {

/// A small matrix in double precision; folding is written with these.
struct Matrix {
  index_t rows = 0;
  index_t cols = 0;
  std::vector<double> values;  // [rows, cols]

  Matrix() = default;
  Matrix(index_t r, index_t c) : rows(r), cols(c), values(static_cast<std::size_t>(r * c)) {}
  Matrix(index_t r, index_t c, std::span<const double> v)
      : rows(r), cols(c), values(v.begin(), v.end()) {}

  double* row(index_t r) { return values.data() + r * cols; }
  const double* row(index_t r) const { return values.data() + r * cols; }
};

inline Matrix weight_of(const Linear& linear) { return {linear.in, linear.out, linear.weight}; }
inline Matrix row_of(std::span<const double> v) { return {1, std::ssize(v), v}; }

Matrix identity(index_t size);
Matrix product(const Matrix& a, const Matrix& b);

/// a += factor * b
void add(Matrix& a, const Matrix& b, double factor = 1.0);

/// Rows first .. first + count.
Matrix rows_of(const Matrix& a, index_t first, index_t count);

/// Rounded, in the upper left corner of a matrix of zeros [rows, cols].
template <class T>
AlignedVector<T> rounded(const Matrix& a, index_t rows, index_t cols) {
  AlignedVector<T> out(static_cast<std::size_t>(rows * cols));
  for (index_t r = 0; r < a.rows; ++r) {
    for (index_t c = 0; c < a.cols; ++c) {
      out[static_cast<std::size_t>(r * cols + c)] = static_cast<T>(a.row(r)[c]);
    }
  }
  return out;
}

inline index_t padded_to(index_t size, index_t unit) { return (size + unit - 1) / unit * unit; }

}  // namespace gftcore::nn
