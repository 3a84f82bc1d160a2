// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "gftcore/common/error.hpp"
#include "gftcore/graph/batch.hpp"
#include "gftcore/nn/network.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {

template <class T>
using Arrays = std::vector<Array<T>>;

template <class T>
std::span<const T> span_of(const Array<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

/// A network from the options that `engine_options` of Python makes.
Network network_from(const py::dict& options, const std::map<std::string, Array<double>>& weights);

/// A batch whose arrays stay where they are; the core checks their sizes.
template <class T>
BatchView<T> batch_view(const Arrays<T>& x,
                        const Arrays<index_t>& node_ptr,
                        const Arrays<index_t>& rowptr,
                        const Arrays<index_t>& col) {
  if (x.empty() || x.size() != node_ptr.size() || rowptr.size() != col.size()) {
    throw ShapeError(
        "a batch must have x and node_ptr for each type, rowptr and col for each "
        "relation");
  }
  BatchView<T> batch;
  batch.graphs = node_ptr.front().size() - 1;
  if (batch.graphs < 0) throw ShapeError("node_ptr must not be empty");
  for (std::size_t t = 0; t < x.size(); ++t) {
    batch.types.push_back({span_of(x[t]), span_of(node_ptr[t])});
  }
  for (std::size_t r = 0; r < rowptr.size(); ++r) {
    batch.relations.push_back({span_of(rowptr[r]), span_of(col[r])});
  }
  return batch;
}

}  // namespace gftcore::python
