// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "gftcore/vessel/skeleton_graph.hpp"
#include "gftcore/vessel/trace.hpp"

namespace gftcore::vessel {

/// Give the graph its shape, its skeleton, made minimal, and the anchors that lie on it. Throws as
/// trace() does.
void take_skeleton(const BitImage& skeleton,
                   std::span<const index_t> anchors,
                   SkeletonGraph& graph);

/// Rebuild all of the graph but shape, skeleton and anchors from these three. The skeleton must be
/// minimal, the anchors ascending and on it.
void retrace(SkeletonGraph& graph, TraceScratch& scratch);

}  // namespace gftcore::vessel
