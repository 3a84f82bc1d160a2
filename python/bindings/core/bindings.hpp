// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

#include "gftcore/common/index.hpp"

namespace gftcore::python {

namespace py = pybind11;

/// Images up to 5000 x 5000 are worked on in memory that their thread keeps, about half a gigabyte
/// of it then: fresh pages would cost a third of the time. Larger ones let their memory go.
inline constexpr index_t kKeptPixels = index_t{5000} * 5000;

/// One function per area of the core; module.cpp calls them all.
void bind_errors(py::module_& m);
void bind_common(py::module_& m);
void bind_thinning(py::module_& m);
void bind_morphology(py::module_& m);
void bind_vessel(py::module_& m);
void bind_intercapillary(py::module_& m);
void bind_image(py::module_& m);
void bind_graph(py::module_& m);
void bind_extract(py::module_& m);
void bind_network(py::module_& m);
void bind_attribution(py::module_& m);
void bind_sage_layer(py::module_& m);
void bind_batch_norm(py::module_& m);
void bind_synth(py::module_& m);
void bind_biomarkers(py::module_& m);
void bind_metrics(py::module_& m);

}  // namespace gftcore::python
