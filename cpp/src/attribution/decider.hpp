// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "attribution/kernels.hpp"
#include "gftcore/attribution/path_decisions.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/common/scratch_memory.hpp"

namespace gftcore::attribution {

/// The decisions of a panel: not looked at, written, or obeyed in place of what its values say.
struct PanelAccess {
  PanelDecisions* panel = nullptr;
  bool obeyed = false;

  bool written() const { return panel != nullptr && !obeyed; }
  explicit operator bool() const { return panel != nullptr; }
};

/// Throws ShapeError unless what is obeyed fits.
void require_same_run(bool fits);

/// Where the multipliers of one activation are kept, and which rows of it are at hand.
struct KeptMultipliers {
  std::vector<double>* values = nullptr;  // [nodes, hidden]
  index_t nodes = 0;
  index_t hidden = 0;
  index_t first = 0;
};

/// Runs quotient kernels by kept multipliers, or keeps those of the kernel.
template <class T>
class Decider {
 public:
  /// Throws ShapeError if obeyed multipliers are not those of `nodes` rows.
  void quotient(const simd::PathKernels<T>& kernels,
                const simd::QuotientJob<T>& job,
                const KeptMultipliers& kept,
                bool obeyed);

 private:
  void write(const simd::PathKernels<T>& kernels,
             const simd::QuotientJob<T>& job,
             const KeptMultipliers& kept);

  ScratchMemory product_;  // [rows, width]
  ScratchMemory ones_;     // [width]
};

extern template class Decider<float>;
extern template class Decider<double>;

}  // namespace gftcore::attribution
