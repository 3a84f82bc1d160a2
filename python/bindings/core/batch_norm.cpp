// SPDX-License-Identifier: Apache-2.0
#include "gftcore/nn/batch_norm.hpp"

#include <pybind11/pybind11.h>

#include <array>
#include <string>

#include "bindings.hpp"
#include "gftcore/common/error.hpp"
#include "names.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

constexpr std::array kNormActivations{
    Choice<Activation>{"none", Activation::none},
    Choice<Activation>{"relu", Activation::relu},
    Choice<Activation>{"leaky", Activation::leaky},
};

void require_axes(const py::array& array, int axes) {
  if (array.ndim() != axes) {
    throw ShapeError("arrays of a norm must have " + std::to_string(axes) + " axes, got " +
                     std::to_string(array.ndim()));
  }
}

template <class T>
MatrixView<const T> matrix(const Array<T>& array) {
  require_axes(array, 2);
  return {array.data(), array.shape(0), array.shape(1)};
}

/// A matrix that a kernel fills; refused by NumPy if it is read-only.
template <class T>
MatrixView<T> filled_matrix(Array<T>& array) {
  require_axes(array, 2);
  return {array.mutable_data(), array.shape(0), array.shape(1)};
}

template <class T>
std::span<const T> list_of(const Array<T>& array) {
  require_axes(array, 1);
  return {array.data(), static_cast<std::size_t>(array.size())};
}

template <class T>
std::span<T> filled_list(Array<T>& array) {
  require_axes(array, 1);
  return {array.mutable_data(), static_cast<std::size_t>(array.size())};
}

template <class T>
void moments(const Array<T>& x, int threads, Array<double>& mean, Array<double>& variance) {
  const MatrixView<const T> rows = matrix(x);
  const ColumnMoments to{filled_list(mean), filled_list(variance)};
  const py::gil_scoped_release unlocked;
  column_moments(rows, threads, to);
}

template <class T>
RowNorm<T> norm_from(const Array<T>& x,
                     const Array<double>& mean,
                     const Array<double>& variance,
                     const Array<T>& weight,
                     const Array<T>& bias,
                     const std::string& act) {
  return {matrix(x),
          list_of(mean),
          list_of(variance),
          list_of(weight),
          list_of(bias),
          chosen(kNormActivations, "act", act)};
}

template <class T>
void forward(const Array<T>& x,
             const Array<double>& mean,
             const Array<double>& variance,
             const Array<T>& weight,
             const Array<T>& bias,
             const std::string& act,
             int threads,
             Array<T>& out) {
  const RowNorm<T> norm = norm_from(x, mean, variance, weight, bias, act);
  const MatrixView<T> to = filled_matrix(out);
  const py::gil_scoped_release unlocked;
  batch_norm(norm, threads, to);
}

template <class T>
void backward(const Array<T>& g,
              const Array<T>& x,
              const Array<double>& mean,
              const Array<double>& variance,
              const Array<T>& weight,
              const Array<T>& bias,
              const std::string& act,
              int threads,
              Array<T>& grad_x,
              Array<T>& grad_weight,
              Array<T>& grad_bias) {
  const RowNorm<T> norm = norm_from(x, mean, variance, weight, bias, act);
  const MatrixView<const T> from = matrix(g);
  const NormGradients<T> to{
      filled_matrix(grad_x), filled_list(grad_weight), filled_list(grad_bias)};
  const py::gil_scoped_release unlocked;
  batch_norm_backward(norm, from, threads, to);
}

template <class T>
void bind(py::module_& m) {
  m.def("column_moments",
        moments<T>,
        py::arg("x").noconvert(),
        py::arg("threads"),
        py::arg("mean").noconvert(),
        py::arg("variance").noconvert(),
        "Fill the last two with mean and variance of each column.");
  m.def("batch_norm",
        forward<T>,
        py::arg("x").noconvert(),
        py::arg("mean").noconvert(),
        py::arg("variance").noconvert(),
        py::arg("weight").noconvert(),
        py::arg("bias").noconvert(),
        py::arg("act"),
        py::arg("threads"),
        py::arg("out").noconvert(),
        "Fill `out` with normalised rows after activation.");
  m.def("batch_norm_backward",
        backward<T>,
        py::arg("g").noconvert(),
        py::arg("x").noconvert(),
        py::arg("mean").noconvert(),
        py::arg("variance").noconvert(),
        py::arg("weight").noconvert(),
        py::arg("bias").noconvert(),
        py::arg("act"),
        py::arg("threads"),
        py::arg("grad_x").noconvert(),
        py::arg("grad_weight").noconvert(),
        py::arg("grad_bias").noconvert(),
        "Fill the last three with the derivatives of `batch_norm`.");
}

}  // namespace

void bind_batch_norm(py::module_& m) {
  bind<float>(m);
  bind<double>(m);
}

}  // namespace gftcore::python
