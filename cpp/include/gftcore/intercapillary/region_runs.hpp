// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// The regions of a label image as labelled runs.
///
/// Pixels of value 0 belong to no region. The values in use, ascending, become the labels 1..count
/// of `out`; label i stands for value label_id[i - 1]. Values need not be consecutive, a region
/// need not be connected, and regions may touch: two runs of different labels can then be
/// neighbours in one row. An image without pixels gives no runs.
/// O(H*W), plus sorting where values exceed the number of pixels.
/// Throws ShapeError for sides longer than kMaxSide, ValueError for a negative value.
void region_runs(ImageView<const label_t> labels, Labelling& out, std::vector<label_t>& label_id);

/// True if two runs with different labels, neither 0, share a side or a corner. O(runs).
bool regions_touch(const Labelling& regions);

}  // namespace gftcore
