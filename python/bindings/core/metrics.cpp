// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include "bindings.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/metrics/resample.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

template <class T>
std::span<const T> flat(const Array<T>& array, py::ssize_t dimensions, const char* name) {
  if (array.ndim() != dimensions) {
    throw ShapeError(std::string(name) + " must have " + std::to_string(dimensions) +
                     " dimensions, got " + std::to_string(array.ndim()));
  }
  return {array.data(), static_cast<std::size_t>(array.size())};
}

py::tuple resample_scores_py(const Array<std::int32_t>& truth,
                             const Array<std::int32_t>& predicted,
                             const Array<double>& probability,
                             const Array<std::int32_t>& group,
                             const Array<std::int32_t>& times,
                             index_t classes) {
  const Classified images{classes,
                          flat(truth, 1, "truth"),
                          flat(predicted, 1, "predicted"),
                          flat(probability, 2, "probability"),
                          flat(group, 1, "group"),
                          times.ndim() == 2 ? times.shape(1) : 0};
  const auto drawn = flat(times, 2, "times");
  ResampledScores scores;
  {
    const py::gil_scoped_release unlocked;
    resample_scores(images, drawn, scores);
  }
  const index_t resamples = std::ssize(scores.auroc) / classes;
  return py::make_tuple(owned(std::move(scores.confusion), {resamples, classes, classes}),
                        owned(std::move(scores.auroc), {resamples, classes}),
                        owned(std::move(scores.average_precision), {resamples, classes}));
}

}  // namespace

void bind_metrics(py::module_& m) {
  m.def("resample_scores",
        &resample_scores_py,
        py::arg("truth"),
        py::arg("predicted"),
        py::arg("probability"),
        py::arg("group"),
        py::arg("times"),
        py::arg("classes"),
        "Scores of B resamples: (confusion [B, C, C], auroc [B, C], average_precision [B, C]).");
}

}  // namespace gftcore::python
