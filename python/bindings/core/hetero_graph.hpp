// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include "gftcore/graph/hetero_graph.hpp"

namespace gftcore::python {

/// The graph's arrays by the names of gftcore.graph.HeteroGraph; NumPy owns them, nothing is
/// copied.
pybind11::dict arrays_of(HeteroGraph&& graph);

}  // namespace gftcore::python
