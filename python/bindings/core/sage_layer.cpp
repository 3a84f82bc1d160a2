// SPDX-License-Identifier: Apache-2.0
#include "gftcore/nn/sage_layer.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/common/error.hpp"
#include "names.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

constexpr std::array kLayerActivations{
    Choice<Activation>{"none", Activation::none},
    Choice<Activation>{"relu", Activation::relu},
    Choice<Activation>{"leaky", Activation::leaky},
    Choice<Activation>{"elu", Activation::elu},
};

template <class T>
using Arrays = std::vector<Array<T>>;
using Relations = std::vector<std::pair<int, int>>;

template <class T>
void require_axes(const Array<T>& array, int axes) {
  if (array.ndim() != axes) {
    throw ShapeError("arrays of a layer must have " + std::to_string(axes) + " axes, got " +
                     std::to_string(array.ndim()));
  }
}

template <class T>
std::vector<MatrixView<const T>> matrices(const Arrays<T>& arrays) {
  std::vector<MatrixView<const T>> out;
  for (const Array<T>& array : arrays) {
    require_axes(array, 2);
    out.push_back({array.data(), array.shape(0), array.shape(1)});
  }
  return out;
}

/// Matrices that a kernel fills; refused by NumPy if they are read-only.
template <class T>
std::vector<MatrixView<T>> filled_matrices(Arrays<T>& arrays) {
  std::vector<MatrixView<T>> out;
  for (Array<T>& array : arrays) {
    require_axes(array, 2);
    out.push_back({array.mutable_data(), array.shape(0), array.shape(1)});
  }
  return out;
}

template <class T>
std::span<const T> list_of(const Array<T>& array) {
  require_axes(array, 1);
  return {array.data(), static_cast<std::size_t>(array.size())};
}

template <class T>
SageLayer<T> layer_from(const Arrays<T>& h,
                        const Arrays<T>& self,
                        const Arrays<T>& nbr,
                        const Arrays<std::int32_t>& csr,
                        const Relations& relations,
                        const std::string& act) {
  if (csr.size() != 4 * relations.size()) {
    throw ShapeError("csr must have rowptr, col, colptr and row for each relation");
  }
  SageLayer<T> out;
  out.h = matrices(h);
  out.self = matrices(self);
  out.nbr = matrices(nbr);
  out.act = chosen(kLayerActivations, "act", act);
  for (std::size_t r = 0; r < relations.size(); ++r) {
    const auto list = [&](std::size_t i) { return list_of(csr[4 * r + i]); };
    const auto [source, target] = relations[r];
    out.edges.push_back({{source, target}, list(0), list(1), list(2), list(3)});
  }
  return out;
}

template <class T>
void forward(const Arrays<T>& h,
             const Arrays<T>& self,
             const Arrays<T>& nbr,
             const Arrays<T>& bias,
             const Arrays<std::int32_t>& csr,
             const Relations& relations,
             const std::string& act,
             int threads,
             Arrays<T>& out) {
  const SageLayer<T> layer = layer_from(h, self, nbr, csr, relations, act);
  std::vector<std::span<const T>> biases;
  for (const Array<T>& one : bias) biases.push_back(list_of(one));
  const std::vector<MatrixView<T>> to = filled_matrices(out);
  const py::gil_scoped_release unlocked;
  sage_layer(layer, biases, threads, to);
}

template <class T>
void backward(const Arrays<T>& g,
              const Arrays<T>& out,
              const Arrays<T>& h,
              const Arrays<T>& self,
              const Arrays<T>& nbr,
              const Arrays<std::int32_t>& csr,
              const Relations& relations,
              const std::string& act,
              int threads,
              Arrays<T>& grad_h,
              Arrays<T>& grad_self,
              Arrays<T>& grad_nbr,
              Arrays<T>& grad_bias) {
  const SageLayer<T> layer = layer_from(h, self, nbr, csr, relations, act);
  SageGradients<T> to;
  to.h = filled_matrices(grad_h);
  to.self = filled_matrices(grad_self);
  to.nbr = filled_matrices(grad_nbr);
  for (Array<T>& one : grad_bias) {
    require_axes(one, 1);
    to.bias.emplace_back(one.mutable_data(), static_cast<std::size_t>(one.size()));
  }
  const std::vector<MatrixView<const T>> gs = matrices(g);
  const std::vector<MatrixView<const T>> outs = matrices(out);
  const py::gil_scoped_release unlocked;
  sage_layer_backward(layer, gs, outs, threads, to);
}

template <class T>
void bind(py::module_& m) {
  m.def("sage_layer",
        forward<T>,
        py::arg("h").noconvert(),
        py::arg("self").noconvert(),
        py::arg("nbr").noconvert(),
        py::arg("bias").noconvert(),
        py::arg("csr").noconvert(),
        py::arg("relations"),
        py::arg("act"),
        py::arg("threads"),
        py::arg("out").noconvert(),
        "Fill `out` with the values of a graph layer.");
  m.def("sage_layer_backward",
        backward<T>,
        py::arg("g").noconvert(),
        py::arg("out").noconvert(),
        py::arg("h").noconvert(),
        py::arg("self").noconvert(),
        py::arg("nbr").noconvert(),
        py::arg("csr").noconvert(),
        py::arg("relations"),
        py::arg("act"),
        py::arg("threads"),
        py::arg("grad_h").noconvert(),
        py::arg("grad_self").noconvert(),
        py::arg("grad_nbr").noconvert(),
        py::arg("grad_bias").noconvert(),
        "Fill the last four with the derivatives of a graph layer.");
}

}  // namespace

void bind_sage_layer(py::module_& m) {
  bind<float>(m);
  bind<double>(m);
}

}  // namespace gftcore::python
