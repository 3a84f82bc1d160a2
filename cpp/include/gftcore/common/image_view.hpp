// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// A row-major, contiguous image that somebody else owns. Axes are (row, col), origin top left.
template <class T>
class ImageView {
 public:
  constexpr ImageView() = default;
  constexpr ImageView(T* data, index_t rows, index_t cols)
      : data_(data), rows_(rows), cols_(cols) {}

  /// A view of mutable pixels reads as a view of constant ones.
  template <class U>
  requires(std::is_same_v<const U, T>) constexpr ImageView(
      ImageView<U> other)  // NOLINT(google-explicit-constructor)
      : ImageView(other.data(), other.rows(), other.cols()) {}

  constexpr T* data() const { return data_; }
  constexpr index_t rows() const { return rows_; }
  constexpr index_t cols() const { return cols_; }
  constexpr index_t size() const { return rows_ * cols_; }
  constexpr T* row(index_t r) const { return data_ + r * cols_; }
  constexpr T& operator()(index_t r, index_t c) const { return data_[r * cols_ + c]; }

 private:
  T* data_ = nullptr;
  index_t rows_ = 0;
  index_t cols_ = 0;
};

}  // namespace gftcore
