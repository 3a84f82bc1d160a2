// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/graph/extract.hpp"
#include "gftcore/graph/hetero_graph.hpp"
#include "workspace.hpp"

namespace gftcore {

/// Copy out the images that the options ask for, the segmentation's response aside.
void keep_images(const ExtractOptions& options, Workspace::Buffers& b, KeptImages& kept);

}  // namespace gftcore
