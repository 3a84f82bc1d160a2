// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/common/cpu_features.hpp"

namespace gftcore::fuzz {

/// Sets the instruction set back that was active before.
class TargetGuard {
 public:
  TargetGuard() = default;
  ~TargetGuard() { set_active_target(before_); }
  TargetGuard(const TargetGuard&) = delete;
  TargetGuard& operator=(const TargetGuard&) = delete;

 private:
  Target before_ = active_target();
};

}  // namespace gftcore::fuzz
