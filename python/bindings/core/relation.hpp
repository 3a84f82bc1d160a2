// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include <utility>

#include "gftcore/graph/adjacency.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {

/// (edges int64 [2, E], weights float32 [E, 1]), without a copy.
inline py::tuple edges_and_weights(Relation&& relation) {
  const auto edges = static_cast<py::ssize_t>(relation.count());
  return py::make_tuple(owned(std::move(relation.ends), {2, edges}),
                        owned(std::move(relation.weight), {edges, 1}));
}

}  // namespace gftcore::python
