// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/vessel/skeleton_graph.hpp"
#include "gftcore/vessel/trace.hpp"

namespace gftcore::vessel {

/// Rebuild all of the graph but shape, skeleton and anchors from these three. The skeleton must be
/// minimal, the anchors ascending and on it.
void retrace(SkeletonGraph& graph, TraceScratch& scratch);

}  // namespace gftcore::vessel
