// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/graph/extract.hpp"

namespace gftcore::fuzz {

/// What holds for every result whatever the options: lengths, ranges, order and uniqueness of
/// edges, degrees. Throws Difference.
void check_invariants(const HeteroGraph& graph);

}  // namespace gftcore::fuzz
