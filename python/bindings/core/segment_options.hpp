// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include "gftcore/image/segment.hpp"

namespace gftcore::python {

/// The fields of gftcore.segmentation.SegmentConfig, by their names; all must be there.
/// Throws ValueError for an unknown method or threshold.
SegmentOptions segment_options(const pybind11::dict& given);

}  // namespace gftcore::python
