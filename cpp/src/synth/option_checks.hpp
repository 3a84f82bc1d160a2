// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <sstream>
#include <string>

#include "gftcore/common/error.hpp"

namespace gftcore {

/// Refuses what is not in low..high, also NaN.
template <class T>
void require_within(T value, T low, T high, const std::string& name) {
  if (value >= low && value <= high) return;
  std::ostringstream text;
  text << name << " must lie in " << low << ".." << high << ", got " << value;
  throw ValueError(text.str());
}

/// Refuses what is not greater than zero, or above `high`; also NaN and subnormal numbers.
inline void require_positive(double value, double high, const std::string& name) {
  if (value >= std::numeric_limits<double>::min() && value <= high) return;
  std::ostringstream text;
  text << name << " must be greater than 0 and at most " << high << ", got " << value;
  throw ValueError(text.str());
}

}  // namespace gftcore
