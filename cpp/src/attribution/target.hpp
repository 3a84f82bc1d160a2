// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "gftcore/attribution/path_integral.hpp"

namespace gftcore::attribution {

/// The target with its places: the largest logit, and the largest other one for a margin. Where
/// only the class is left open that a margin is over another one, it is the largest of the others.
PathTarget placed(const PathTarget& target, std::span<const double> logits);

/// Multipliers of the logits between two ends. Of a probability: the mean of its gradient over the
/// segment from a to b, by 16 Gauss-Legendre points for each piece on which no logit moves by more
/// than 5, or of 256 pieces, then corrected along the segment, so that the probability's difference
/// is met; steps below 1e-8 of the logits are not corrected, whose correction would be rounding.
std::vector<double> logit_multipliers(const PathTarget& target,
                                      std::span<const double> a,
                                      std::span<const double> b);

}  // namespace gftcore::attribution
