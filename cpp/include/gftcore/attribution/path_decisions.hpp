// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// Rows that lead the pooled maxima of one type, [hidden] each: `first` where a panel begins,
/// `last` where it ends, and the part of the panel before `last` overtakes `first`.
struct PeakDecisions {
  std::vector<index_t> first, last;
  std::vector<double> share;
};

/// All that the values of one panel decide on its way back, without pads. Rounding of values close
/// to a kink, or of small differences of values, changes these by more than rounding; all else on
/// the way back of features is linear, with the network's own matrices.
struct PanelDecisions {
  std::vector<double> logits;             // multipliers [classes]
  std::vector<std::vector<double>> head;  // of each activation: multipliers [hidden]
  /// Of each type, of each activation in the network's order: multipliers [N_t, hidden]; empty
  /// where the way back does not come. Folding leaves the activations what they are.
  std::vector<std::vector<std::vector<double>>> activations;
  std::vector<PeakDecisions> peaks;  // of each type; empty without a maximum
};

/// Decisions of each request, chunk and panel. For checks: about 8 bytes a node, channel and layer.
struct PathDecisions {
  std::vector<std::vector<std::vector<PanelDecisions>>> panels;
};

}  // namespace gftcore
