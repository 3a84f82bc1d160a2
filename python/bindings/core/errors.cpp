// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include "bindings.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore::python {
namespace {

/// The Python classes live in gftcore.errors, so that each also derives from a builtin.
void raise_as(const char* class_name, const char* message) {
  const py::object error = py::module_::import("gftcore.errors").attr(class_name);
  PyErr_SetString(error.ptr(), message);
}

}  // namespace

void bind_errors(py::module_& /*m*/) {
  py::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const ShapeError& e) {
      raise_as("ShapeError", e.what());
    } catch (const ValueError& e) {
      raise_as("ArgumentError", e.what());
    } catch (const UnavailableError& e) {
      raise_as("UnavailableError", e.what());
    } catch (const Error& e) {
      raise_as("GftcoreError", e.what());
    }
  });
}

}  // namespace gftcore::python
