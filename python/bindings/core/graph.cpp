// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/common/checks.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/graph/csr.hpp"
#include "gftcore/graph/faces.hpp"
#include "gftcore/intercapillary/region_runs.hpp"
#include "names.hpp"
#include "numpy_view.hpp"
#include "relation.hpp"

namespace gftcore::python {
namespace {

using Graph = std::shared_ptr<SkeletonGraph>;

std::shared_ptr<Faces> faces_of(const Graph& graph) {
  auto faces = std::make_shared<Faces>();
  {
    const py::gil_scoped_release unlocked;
    find_faces(*graph, *faces);
  }
  return faces;
}

py::array face_label(const Faces& faces) {
  auto out = empty_image<label_t>(faces.closure.rows - 2, faces.closure.cols - 2);
  const auto view = mutable_view(out);
  {
    const py::gil_scoped_release unlocked;
    paint_faces(faces, view);
  }
  return out;
}

/// The regions of a label image by rank, so that memory follows their number and not their labels.
struct Regions {
  Labelling runs;
  std::vector<label_t> label_id;  // of rank + 1

  explicit Regions(ImageView<const label_t> labels) { region_runs(labels, runs, label_id); }

  label_t label(index_t rank) const { return label_id[static_cast<std::size_t>(rank)]; }

  /// Ranks in ends[first..] become rows, label - 1. Labels ascend with ranks: the order stays.
  void to_rows(std::vector<index_t>& ends, std::size_t first) const {
    for (std::size_t e = first; e < ends.size(); ++e) ends[e] = index_t{label(ends[e])} - 1;
  }
};

py::array match(const std::shared_ptr<Faces>& faces, const Array<label_t>& ica_label) {
  const auto labels = image_view(ica_label, "ica_label");
  std::vector<label_t> region_of_face;
  {
    const py::gil_scoped_release unlocked;
    const Regions regions(labels);
    match_faces(*faces, regions.runs, region_of_face);
    for (label_t& region : region_of_face) {
      if (region > 0) region = regions.label(index_t{region} - 1);
    }
  }
  const auto size = static_cast<py::ssize_t>(region_of_face.size());
  return owned(std::move(region_of_face), {size});
}

py::dict adjacent(const Graph& graph,
                  const std::shared_ptr<Faces>& faces,
                  const Array<label_t>& ica_label,
                  const std::string& method,
                  const std::optional<Array<std::int32_t>>& squared_distance) {
  const auto labels = image_view(ica_label, "ica_label");
  ImageView<const std::int32_t> distance;
  if (squared_distance) distance = image_view(*squared_distance, "squared_distance");
  const AdjacencyMethod chosen_method = chosen(kAdjacencyMethods, "method", method);
  Adjacency out;
  {
    const py::gil_scoped_release unlocked;
    const Regions regions(labels);
    if (chosen_method == AdjacencyMethod::planar) {
      std::vector<label_t> region_of_face;
      match_faces(*faces, regions.runs, region_of_face);
      planar_adjacency(*graph, *faces, region_of_face, out);
    } else {
      centerline4_adjacency(*graph, distance, regions.runs, out);
    }
    regions.to_rows(out.vi.ends, out.vi.weight.size());
    regions.to_rows(out.ii.ends, 0);
  }
  py::dict relations;
  relations["vv"] = edges_and_weights(std::move(out.vv));
  relations["ii"] = edges_and_weights(std::move(out.ii));
  relations["vi"] = edges_and_weights(std::move(out.vi));
  return relations;
}

py::tuple csr(const Array<index_t>& src,
              const Array<index_t>& dst,
              index_t num_src,
              index_t num_dst) {
  const auto span = [](const Array<index_t>& ends) {
    return std::span(ends.data(), static_cast<std::size_t>(ends.size()));
  };
  Csr out;
  {
    const py::gil_scoped_release unlocked;
    out = csr_from_edges(span(src), span(dst), num_src, num_dst);
  }
  const auto one_dimensional = [](auto&& values) {
    const auto size = static_cast<py::ssize_t>(values.size());
    return owned(std::move(values), {size});
  };
  return py::make_tuple(one_dimensional(std::move(out.rowptr)),
                        one_dimensional(std::move(out.col)),
                        one_dimensional(std::move(out.eid)),
                        one_dimensional(std::move(out.colptr)),
                        one_dimensional(std::move(out.row)),
                        one_dimensional(std::move(out.slot)),
                        one_dimensional(std::move(out.inv_deg)));
}

}  // namespace

void bind_graph(py::module_& m) {
  py::class_<Faces, std::shared_ptr<Faces>>(m, "Faces", "Faces of a skeleton's closure.")
      .def_property_readonly("label", face_label, "int32 [H, W]: face + 1 off the skeleton.")
      .def_property_readonly("count", &Faces::count)
      .def_property_readonly(
          "segment_faces",
          [](const std::shared_ptr<Faces>& faces) {
            const auto segments = static_cast<py::ssize_t>(faces->segment_faces.size() / 2);
            return borrowed(faces->segment_faces.data(), {segments, 2}, faces);
          },
          "int64 [S, 2]: face left and right of each segment's walk.");
  m.def("faces", faces_of, py::arg("graph"), "Faces of the graph's skeleton.");
  m.def("match_faces",
        match,
        py::arg("faces"),
        py::arg("ica_label").noconvert(),
        "int32 [F]: the region that owns most pixels of each face, 0 if none.");
  m.def("adjacency",
        adjacent,
        py::arg("graph"),
        py::arg("faces"),
        py::arg("ica_label").noconvert(),
        py::arg("method"),
        py::arg("squared_distance"),
        "Relations vv, ii, vi as (edges int64 [2, E], weights float32 [E, 1]).");
  m.def("csr_from_edges",
        csr,
        py::arg("src").noconvert(),
        py::arg("dst").noconvert(),
        py::arg("num_src"),
        py::arg("num_dst"),
        "rowptr, col, eid, colptr, row, slot, inv_deg of the edges src -> dst.");
}

}  // namespace gftcore::python
