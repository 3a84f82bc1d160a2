// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include "bindings.hpp"

PYBIND11_MODULE(_core, m) {
  m.doc() = "The compiled core of gftcore. Private: use the packages gftcore.graph and others.";
  gftcore::python::bind_errors(m);
  gftcore::python::bind_common(m);
  gftcore::python::bind_thinning(m);
  gftcore::python::bind_morphology(m);
  gftcore::python::bind_vessel(m);
  gftcore::python::bind_intercapillary(m);
  gftcore::python::bind_image(m);
  gftcore::python::bind_graph(m);
  gftcore::python::bind_extract(m);
  gftcore::python::bind_network(m);
  gftcore::python::bind_attribution(m);
  gftcore::python::bind_sage_layer(m);
  gftcore::python::bind_batch_norm(m);
  gftcore::python::bind_synth(m);
  gftcore::python::bind_biomarkers(m);
  gftcore::python::bind_metrics(m);
}
