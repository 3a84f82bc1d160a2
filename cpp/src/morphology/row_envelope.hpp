// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// Minimum over columns u of height(u) + (x - u)^2 * 2^kShift for every x of a row, in time linear
/// in the row: the row pass of A. Meijster, J. B. T. M. Roerdink and W. H. Hesselink (2000), A
/// general algorithm for computing distance transforms in linear time. The nearest column changes
/// only where two parabolas cross.
///
/// With kShift 32 a height may hold a squared distance above an id, so that equal distances go to
/// the lower id. Heights lie below 2^(30 + kShift) and columns below 2^15, so nothing overflows.
template <int kShift>
class RowEnvelope {
 public:
  static constexpr index_t kEntries = 3;

  /// `memory` holds kEntries values for each column that may be added.
  RowEnvelope(std::int64_t* memory, index_t capacity)
      : col_(memory), height_(memory + capacity), first_(memory + 2 * capacity) {}

  /// Columns must ascend.
  void add(std::int64_t col, std::int64_t height) {
    std::int64_t from = std::numeric_limits<std::int64_t>::min();
    while (size_ > 0) {
      from = first_better(size_ - 1, col, height);
      if (from > first_[size_ - 1]) break;
      --size_;
    }
    first_[size_] = size_ == 0 ? std::numeric_limits<std::int64_t>::min() : from;
    col_[size_] = col;
    height_[size_] = height;
    ++size_;
  }

  /// The minimum at x, once a column was added. Successive calls must not descend, and nothing may
  /// be added between them.
  std::int64_t at(std::int64_t x) {
    while (next_ < size_ && first_[next_] <= x) ++next_;
    const std::int64_t across = x - col_[next_ - 1];
    return height_[next_ - 1] + ((across * across) << kShift);
  }

 private:
  /// First x at which the parabola (col, height) lies below parabola i.
  std::int64_t first_better(index_t i, std::int64_t col, std::int64_t height) const {
    const std::int64_t gap = height - height_[i] + ((col * col - col_[i] * col_[i]) << kShift);
    const std::int64_t slope = (col - col_[i]) << (kShift + 1);
    const std::int64_t quotient = gap / slope;
    return quotient * slope > gap ? quotient : quotient + 1;
  }

  std::int64_t* col_;
  std::int64_t* height_;
  std::int64_t* first_;
  index_t size_ = 0;
  index_t next_ = 1;
};

}  // namespace gftcore
