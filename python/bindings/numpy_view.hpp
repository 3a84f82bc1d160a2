// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/common/image_view.hpp"

namespace gftcore::python {

namespace py = pybind11;

/// A C-contiguous NumPy array that pybind11 takes without converting the element type.
template <class T>
using Array = py::array_t<T, py::array::c_style>;

/// Images the Python layer has already validated as two-dimensional; checked again because
/// `_core` must not crash whoever calls it.
template <class T>
ImageView<const T> image_view(const Array<T>& array, const char* name) {
  if (array.ndim() != 2) {
    throw ShapeError(std::string(name) + " must be two-dimensional, got " +
                     std::to_string(array.ndim()) + " dimensions");
  }
  return {array.data(), array.shape(0), array.shape(1)};
}

template <class T>
ImageView<T> mutable_view(Array<T>& array) {
  return {array.mutable_data(), array.shape(0), array.shape(1)};
}

template <class T>
Array<T> empty_image(index_t rows, index_t cols) {
  return Array<T>({rows, cols});
}

/// A mask argument as bits; every non-zero byte is foreground.
inline BitImage packed(const Array<std::uint8_t>& mask, const char* name) {
  const auto pixels = image_view(mask, name);
  BitImage bits;
  const py::gil_scoped_release unlocked;
  pack(pixels, bits);
  return bits;
}

/// Bits as a NumPy bool array.
inline py::array_t<bool> bool_image(const BitImage& bits) {
  py::array_t<bool> out({bits.rows(), bits.cols()});
  static_assert(sizeof(bool) == sizeof(std::uint8_t));
  auto* const bytes = reinterpret_cast<std::uint8_t*>(out.mutable_data());
  {
    const py::gil_scoped_release unlocked;
    unpack(bits, {bytes, bits.rows(), bits.cols()});
  }
  return out;
}

/// An [n, 2] array of pixels (row, col) as ascending raster indices.
inline std::vector<index_t> raster_indices(const Array<index_t>& pixels,
                                           index_t rows,
                                           index_t cols,
                                           const char* name) {
  if (pixels.ndim() != 2 || pixels.shape(1) != 2) {
    throw ShapeError(std::string(name) + " must be an [n, 2] array of (row, col)");
  }
  const auto view = pixels.unchecked<2>();
  std::vector<index_t> out;
  for (py::ssize_t i = 0; i < view.shape(0); ++i) {
    const index_t r = view(i, 0);
    const index_t c = view(i, 1);
    if (r < 0 || r >= rows || c < 0 || c >= cols) {
      throw ValueError(std::string(name) + " must lie in the image of shape (" +
                       std::to_string(rows) + ", " + std::to_string(cols) + "), got (" +
                       std::to_string(r) + ", " + std::to_string(c) + ")");
    }
    out.push_back(r * cols + c);
  }
  std::ranges::sort(out);
  return out;
}

/// A read-only array of the given shape over memory that `owner` keeps alive. No copy.
template <class T, class Owner>
py::array borrowed(const T* data, std::vector<py::ssize_t> shape, std::shared_ptr<Owner> owner) {
  auto* keep = new std::shared_ptr<Owner>(std::move(owner));
  const py::capsule base(keep, [](void* p) { delete static_cast<std::shared_ptr<Owner>*>(p); });
  py::array_t<T> out(std::move(shape), data, base);
  py::detail::array_proxy(out.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return out;
}

/// A read-only array that takes the vector over. No copy.
template <class T>
py::array owned(std::vector<T>&& values, std::vector<py::ssize_t> shape) {
  auto keep = std::make_shared<std::vector<T>>(std::move(values));
  const T* data = keep->data();
  return borrowed<T>(data, std::move(shape), std::move(keep));
}

}  // namespace gftcore::python
