// SPDX-License-Identifier: Apache-2.0
#include "gftcore/attribution/path_integral.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "bindings.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/nn/program.hpp"
#include "names.hpp"
#include "network_options.hpp"

namespace gftcore::python {
namespace {

constexpr std::array kKinds{
    Choice<TargetKind>{"logit", TargetKind::logit},
    Choice<TargetKind>{"margin", TargetKind::margin},
    Choice<TargetKind>{"prob", TargetKind::probability},
};
constexpr std::array kPaths{
    Choice<PathOver>{"nodes", PathOver::nodes},
    Choice<PathOver>{"edges", PathOver::edges},
};

/// Graph, place of the class and of the other one (-1: found), begin, end and weight of each panel,
/// their sums, and where chunks of them begin. It has as many sums as its panels name.
using Request =
    std::tuple<index_t, index_t, index_t, Array<double>, Array<index_t>, Array<index_t>>;

PathRequest request_from(const Request& given, TargetKind kind, index_t sums) {
  const auto& [graph, place, against, panels, panel_sum, chunk_ptr] = given;
  if (panels.ndim() != 2 || panels.shape(1) != 3) {
    throw ShapeError("panels must have the shape [P, 3]");
  }
  const std::span<const index_t> to = span_of(panel_sum);
  if (std::ssize(to) != panels.shape(0)) throw ShapeError("each panel must name a sum");
  PathRequest out;
  out.graph = graph;
  // Requests of one run may need different numbers; zeros for all of them would take much memory.
  const index_t last = to.empty() ? 0 : std::ranges::max(to);
  out.sums = last < sums ? last + 1 : sums;
  out.target = {kind, place, against};
  const auto values = panels.unchecked<2>();
  const std::span<const index_t> ptr = span_of(chunk_ptr);
  if (ptr.empty() || ptr.front() != 0 || ptr.back() != panels.shape(0)) {
    throw ValueError("chunks must rise from 0 to the number of panels");
  }
  for (std::size_t k = 0; k + 1 < ptr.size(); ++k) {
    if (ptr[k] > ptr[k + 1] || ptr[k + 1] > panels.shape(0)) {
      throw ValueError("chunks must rise from 0 to the number of panels");
    }
    std::vector<Panel>& chunk = out.chunks.emplace_back();
    for (index_t p = ptr[k]; p < ptr[k + 1]; ++p) {
      chunk.push_back({values(p, 0), values(p, 1), values(p, 2), to[static_cast<std::size_t>(p)]});
    }
  }
  return out;
}

py::tuple as_tuple(PathResult&& result) {
  py::list sums;
  for (std::vector<std::vector<double>>& parts : result.sums) {
    py::list arrays;
    for (std::vector<double>& part : parts) {
      const auto size = std::ssize(part);
      arrays.append(owned(std::move(part), {size}));
    }
    sums.append(std::move(arrays));
  }
  const auto classes = std::ssize(result.start);
  return py::make_tuple(result.target.place,
                        result.target.against,
                        owned(std::move(result.start), {classes}),
                        owned(std::move(result.end), {classes}),
                        std::move(sums));
}

/// One integrator of either precision.
class AnyIntegrator {
 public:
  AnyIntegrator(const py::dict& options,
                const std::map<std::string, Array<double>>& weights,
                const std::string& dtype,
                bool folds) {
    const Network network = network_from(options, weights);
    const py::gil_scoped_release unlocked;
    if (dtype == "float32" && folds) {
      integrator_ = std::make_unique<PathIntegrator<float>>(folded<float>(network, true));
    } else if (dtype == "float64") {
      integrator_ = std::make_unique<PathIntegrator<double>>(folds ? folded<double>(network, false)
                                                                   : unfolded(network));
    } else {
      throw ValueError("dtype must be 'float32' and folded, or 'float64', got '" + dtype + "'");
    }
  }

  template <class T>
  const PathIntegrator<T>& as() const {
    const auto* one = std::get_if<std::unique_ptr<PathIntegrator<T>>>(&integrator_);
    if (one == nullptr) throw ValueError("x must have the element type of the integrator");
    return **one;
  }

 private:
  std::variant<std::unique_ptr<PathIntegrator<float>>, std::unique_ptr<PathIntegrator<double>>>
      integrator_;
};

template <class T>
py::list run(const AnyIntegrator& integrator,
             const Arrays<T>& x,
             const Arrays<index_t>& node_ptr,
             const Arrays<index_t>& rowptr,
             const Arrays<index_t>& col,
             const Arrays<T>& baseline,
             const std::vector<Request>& requests,
             const std::string& kind,
             const std::string& over,
             index_t sums,
             int threads,
             std::optional<PathDecisions*> decisions) {
  const PathIntegrator<T>& core = integrator.as<T>();
  const BatchView<T> batch = batch_view(x, node_ptr, rowptr, col);
  std::vector<std::span<const T>> from;
  for (const Array<T>& one : baseline) from.push_back(span_of(one));
  std::vector<PathRequest> wanted;
  wanted.reserve(requests.size());
  for (const Request& one : requests) {
    wanted.push_back(request_from(one, chosen(kKinds, "kind", kind), sums));
  }
  const PathOver path = chosen(kPaths, "over", over);
  std::vector<PathResult> results;
  {
    const py::gil_scoped_release unlocked;
    results = core.run(batch, from, wanted, path, threads, decisions.value_or(nullptr));
  }
  py::list out;
  for (PathResult& result : results) out.append(as_tuple(std::move(result)));
  return out;
}

template <class T>
void bind_run(py::class_<AnyIntegrator>& integrator) {
  integrator.def("run",
                 run<T>,
                 py::arg("x").noconvert(),
                 py::arg("node_ptr").noconvert(),
                 py::arg("rowptr").noconvert(),
                 py::arg("col").noconvert(),
                 py::arg("baseline").noconvert(),
                 py::arg("requests").noconvert(),
                 py::arg("kind"),
                 py::arg("over"),
                 py::arg("sums"),
                 py::arg("threads"),
                 py::arg("decisions") = py::none(),
                 "For each request: class, other class, logits at both ends, sums of parts.");
}

/// A writable array over memory of `owner`.
template <class V>
py::array view_of(std::vector<V>& values, std::vector<py::ssize_t> shape, const py::object& owner) {
  return py::array_t<V>(std::move(shape), values.data(), owner);
}

/// One panel's decisions as views; node counts follow from the sizes.
py::tuple panel_of(const py::object& self, index_t request, index_t chunk, index_t panel) {
  auto& all = py::cast<PathDecisions&>(self).panels;
  const auto found = [](auto& list, index_t i) -> auto& {
    if (i < 0 || i >= std::ssize(list)) throw py::index_error("no such panel");
    return list[static_cast<std::size_t>(i)];
  };
  PanelDecisions& one = found(found(found(all, request), chunk), panel);
  const auto flat = [&](auto& values) { return view_of(values, {std::ssize(values)}, self); };
  py::list head;
  for (std::vector<double>& values : one.head) head.append(flat(values));
  py::list activations;
  for (std::vector<std::vector<double>>& type : one.activations) {
    py::list sites;
    for (std::vector<double>& values : type) sites.append(flat(values));
    activations.append(std::move(sites));
  }
  py::list peaks;
  for (PeakDecisions& type : one.peaks) {
    peaks.append(py::make_tuple(flat(type.first), flat(type.last), flat(type.share)));
  }
  return py::make_tuple(
      flat(one.logits), std::move(head), std::move(activations), std::move(peaks));
}

void bind_decisions(py::module_& m) {
  py::class_<PathDecisions>(m, "PathDecisions", "What a run decided, for another one to obey.")
      .def(py::init<>())
      .def("panel",
           panel_of,
           py::arg("request"),
           py::arg("chunk"),
           py::arg("panel"),
           "Multipliers of logits, head, activations by type; maxima. Writing changes them.");
}

}  // namespace

void bind_attribution(py::module_& m) {
  bind_decisions(m);
  py::class_<AnyIntegrator> integrator(m, "PathIntegrator", "A network, ready to be explained.");
  integrator.def(py::init<const py::dict&,
                          const std::map<std::string, Array<double>>&,
                          const std::string&,
                          bool>(),
                 py::arg("options"),
                 py::arg("weights"),
                 py::arg("dtype"),
                 py::arg("folded"));
  bind_run<float>(integrator);
  bind_run<double>(integrator);
}

}  // namespace gftcore::python
