// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <type_traits>
#include <utility>
#include <vector>

#include "gftcore/common/aligned_vector.hpp"
#include "gftcore/nn/program.hpp"
#include "gftcore/nn/sage_layer.hpp"

namespace gftcore::nn {

/// Matrices as kernels need them: float with a multiple of kChannels columns, at cache lines.
/// Those that are so already are used where they lie, others are copied among zeros.
template <class T>
class Padding {
 public:
  static index_t padded(index_t size) {
    constexpr index_t unit = std::is_same_v<T, float> ? kChannels : 1;
    return (size + unit - 1) / unit * unit;
  }

  /// A matrix that is read.
  MatrixView<const T> in(MatrixView<const T> from, index_t rows, index_t cols) {
    if (fits(from.data, from.rows, from.cols, rows, cols)) return from;
    T* to = memory(rows * cols);
    for (index_t r = 0; r < from.rows; ++r) {
      std::copy_n(from.data + r * from.cols, from.cols, to + r * cols);
    }
    return {to, rows, cols};
  }

  /// A matrix that is written; `finish` copies what was asked for.
  MatrixView<T> out(MatrixView<T> target, index_t rows, index_t cols) {
    if (fits(target.data, target.rows, target.cols, rows, cols)) return target;
    const MatrixView<T> scratch{memory(rows * cols), rows, cols};
    written_.emplace_back(scratch, target);
    return scratch;
  }

  /// The transposed matrix.
  MatrixView<const T> transposed(MatrixView<const T> from) {
    T* to = memory(from.rows * from.cols);
    for (index_t r = 0; r < from.rows; ++r) {
      for (index_t c = 0; c < from.cols; ++c) to[c * from.rows + r] = from.data[r * from.cols + c];
    }
    return {to, from.cols, from.rows};
  }

  void finish() const {
    for (const auto& [scratch, target] : written_) {
      for (index_t r = 0; r < target.rows; ++r) {
        std::copy_n(scratch.data + r * scratch.cols, target.cols, target.data + r * target.cols);
      }
    }
  }

 private:
  static bool fits(
      const T* data, index_t rows, index_t cols, index_t want_rows, index_t want_cols) {
    const bool aligned = reinterpret_cast<std::uintptr_t>(data) % 64 == 0;
    return rows == want_rows && cols == want_cols && (aligned || std::is_same_v<T, double>);
  }

  T* memory(index_t size) {
    memory_.emplace_back(static_cast<std::size_t>(size));
    return memory_.back().data();
  }

  std::list<AlignedVector<T>> memory_;
  std::vector<std::pair<MatrixView<T>, MatrixView<T>>> written_;
};

}  // namespace gftcore::nn
