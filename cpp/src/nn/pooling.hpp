// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <limits>

#include "gftcore/common/aligned_vector.hpp"
#include "nn/kernels.hpp"

namespace gftcore::nn {

/// Pools of the nodes of one type, block after block. Sums of blocks add up in double precision.
template <class T>
class Pools {
 public:
  explicit Pools(index_t width)
      : part_(static_cast<std::size_t>(width)),
        highest_(static_cast<std::size_t>(width)),
        sum_(static_cast<std::size_t>(width)) {}

  void clear() {
    std::ranges::fill(sum_, 0.0);
    std::ranges::fill(highest_, -std::numeric_limits<T>::infinity());
  }

  /// values [rows, width]
  void add(const simd::NetworkKernels<T>& kernels, const T* values, index_t rows) {
    kernels.pool({values, rows, std::ssize(part_), part_.data(), highest_.data()});
    for (std::size_t c = 0; c < part_.size(); ++c) sum_[c] += static_cast<double>(part_[c]);
  }

  /// Of the rows so far; -infinity if there was none.
  const AlignedVector<T>& highest() const { return highest_; }

  /// out [width]; 0 if there was no node.
  void write(Pool pool, index_t nodes, T* out) const {
    for (std::size_t c = 0; c < part_.size(); ++c) {
      double value = 0.0;
      if (nodes > 0) value = pool == Pool::max ? static_cast<double>(highest_[c]) : sum_[c];
      if (nodes > 0 && pool == Pool::mean) value /= static_cast<double>(nodes);
      out[c] = static_cast<T>(value);
    }
  }

 private:
  AlignedVector<T> part_;
  AlignedVector<T> highest_;
  AlignedVector<double> sum_;
};

}  // namespace gftcore::nn
