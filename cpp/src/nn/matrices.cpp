// SPDX-License-Identifier: Apache-2.0
#include "nn/matrices.hpp"

namespace gftcore::nn {

Matrix identity(index_t size) {
  Matrix out(size, size);
  for (index_t i = 0; i < size; ++i) out.row(i)[i] = 1.0;
  return out;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix out(a.rows, b.cols);
  for (index_t i = 0; i < a.rows; ++i) {
    double* to = out.row(i);
    for (index_t k = 0; k < a.cols; ++k) {
      const double x = a.row(i)[k];
      const double* from = b.row(k);
      for (index_t j = 0; j < b.cols; ++j) to[j] += x * from[j];
    }
  }
  return out;
}

void add(Matrix& a, const Matrix& b, double factor) {
  for (std::size_t i = 0; i < a.values.size(); ++i) a.values[i] += factor * b.values[i];
}

Matrix rows_of(const Matrix& a, index_t first, index_t count) {
  return {count, a.cols, {a.row(first), static_cast<std::size_t>(count * a.cols)}};
}

}  // namespace gftcore::nn
