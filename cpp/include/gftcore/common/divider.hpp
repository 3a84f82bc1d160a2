// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/index.hpp"

namespace gftcore {

/// Division by one number between 1 and 2^15, as a multiplication: a 64-bit division takes as long
/// as ten of them. Exact for x >= 0 with x < 2^31 and a quotient below 2^16: the factor's error is
/// below 1, x * divisor is below 2^46, and x * factor below 2^63.
///
/// Splits raster indices: row = divider(pixel), col = pixel - row * cols.
class Divider {
 public:
  /// For images without columns 0 counts as 1: they have no index to split.
  explicit constexpr Divider(index_t divisor)
      : factor_((index_t{1} << kShift) / (divisor > 0 ? divisor : 1) + 1) {}
  constexpr index_t operator()(index_t x) const { return (x * factor_) >> kShift; }

 private:
  static constexpr int kShift = 46;
  index_t factor_;
};

}  // namespace gftcore
