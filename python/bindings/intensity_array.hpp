// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/numpy.h>

#include <cstdint>

#include "gftcore/common/intensity.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {

namespace detail {

template <class T>
bool take_intensity(const py::object& image, IntensityView& out) {
  if (!py::isinstance<Array<T>>(image)) return false;
  out = image_view(py::reinterpret_borrow<Array<T>>(image), "intensity");
  return true;
}

}  // namespace detail

/// None, or an image of a type the core reads. The view lives as long as `image`.
inline IntensityView intensity_view(const py::object& image) {
  IntensityView out;
  if (image.is_none() || detail::take_intensity<std::uint8_t>(image, out) ||
      detail::take_intensity<std::uint16_t>(image, out) ||
      detail::take_intensity<float>(image, out) || detail::take_intensity<double>(image, out)) {
    return out;
  }
  throw ValueError("intensity must be a C-contiguous uint8, uint16, float32 or float64 array");
}

}  // namespace gftcore::python
