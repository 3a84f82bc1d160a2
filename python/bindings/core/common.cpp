// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "bindings.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/heap.hpp"

namespace gftcore::python {

void bind_common(py::module_& m) {
  m.def(
      "simd_target",
      [] { return std::string(name(active_target())); },
      "Name of the instruction set that the kernels use.");
  m.def(
      "simd_targets",
      [] {
        std::vector<std::string> names;
        for (const Target target : available_targets()) names.emplace_back(name(target));
        return names;
      },
      "Names of the instruction sets this processor offers, ascending.");
  m.def(
      "set_simd_target",
      [](const std::string& text) { set_active_target(target_from_name(text)); },
      py::arg("target"),
      "Force an instruction set for the whole process.");
  m.def("keep_freed_memory",
        keep_freed_memory,
        "Make the C library keep what is freed; returns whether it can.");
}

}  // namespace gftcore::python
