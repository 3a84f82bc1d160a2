// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/morphology/label.hpp"
#include "gftcore/morphology/nearest_point.hpp"
#include "gftcore/vessel/merge_junctions.hpp"
#include "gftcore/vessel/prune.hpp"
#include "gftcore/vessel/segment_features.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"
#include "gftcore/vessel/trace.hpp"
#include "intensity_array.hpp"
#include "names.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

using Graph = std::shared_ptr<SkeletonGraph>;

/// Raster indices as (row, col) pairs; `shape` ends with 2.
template <class T>
py::array rowcol(const std::vector<T>& raster, index_t cols, std::vector<py::ssize_t> shape) {
  std::vector<T> out;
  out.reserve(2 * raster.size());
  for (const T i : raster) {
    out.push_back(static_cast<T>(i / cols));
    out.push_back(static_cast<T>(i % cols));
  }
  return owned(std::move(out), std::move(shape));
}

Graph trace_skeleton(const Array<std::uint8_t>& skeleton, const Array<std::int64_t>& anchors) {
  const BitImage bits = packed(skeleton, "skeleton");
  const std::vector<index_t> anchor_pixels =
      raster_indices(anchors, bits.rows(), bits.cols(), "anchors");
  auto graph = std::make_shared<SkeletonGraph>();
  const py::gil_scoped_release unlocked;
  TraceScratch scratch;
  trace(bits, anchor_pixels, *graph, scratch);
  return graph;
}

Graph pruned(const SkeletonGraph& graph,
             const Array<std::int32_t>& squared_distance,
             const std::string& method,
             double bulge,
             int max_rounds) {
  const auto distance = image_view(squared_distance, "squared_distance");
  const PruneOptions options{chosen(kPruneMethods, "method", method), bulge, max_rounds};
  const py::gil_scoped_release unlocked;
  auto out = std::make_shared<SkeletonGraph>(graph);
  TraceScratch scratch;
  prune(*out, distance, options, scratch);
  return out;
}

Graph merged(const SkeletonGraph& graph,
             const Array<std::int32_t>& squared_distance,
             double merge_px) {
  const auto distance = image_view(squared_distance, "squared_distance");
  const py::gil_scoped_release unlocked;
  auto out = std::make_shared<SkeletonGraph>(graph);
  merge_junctions(distance, merge_px, *out);
  return out;
}

/// The surface of a mask, by way of the assignment of its pixels to the graph's points.
void measure_surface(const SkeletonGraph& graph,
                     const BitImage& mask,
                     FeatureMode mode,
                     SurfaceFeatures& out) {
  Labelling components;
  label_runs(mask, Connectivity::eight, components);
  ScratchMemory memory;
  const auto view = memory.request_image<std::int32_t>(mask.rows(), mask.cols());
  NearestScratch nearest_scratch;
  nearest_point(mask, components, graph.point_pixel, view, nearest_scratch);
  SurfaceScratch scratch;
  surface_features(graph, mask, view, mode, out, scratch);
}

std::pair<std::vector<std::string>, py::array> table_of_segments(
    const SkeletonGraph& graph,
    const Array<std::uint8_t>& mask,
    const Array<std::int32_t>& squared_distance,
    const std::string& mode,
    const py::object& intensity) {
  const BitImage bits = packed(mask, "mask");
  const auto distance = image_view(squared_distance, "squared_distance");
  const FeatureMode features = chosen(kFeatureModes, "mode", mode);
  const IntensityView image = intensity_view(intensity);
  SegmentTable table;
  {
    const py::gil_scoped_release unlocked;
    Centrelines lines;
    centrelines(graph, distance, lines);
    SurfaceFeatures surface;
    if (features != FeatureMode::centreline) measure_surface(graph, bits, features, surface);
    segment_table(graph, lines, features, surface, image, table);
  }
  const auto columns = static_cast<py::ssize_t>(table.columns.size());
  return {std::move(table.columns),
          owned(std::move(table.values), {graph.num_segments(), columns})};
}

void bind_graph_class(py::module_& m) {
  py::class_<SkeletonGraph, Graph>(
      m, "SkeletonGraph", "A minimal skeleton as a multigraph of V nodes and S segments.")
      .def_property_readonly("shape",
                             [](const Graph& g) { return py::make_tuple(g->rows, g->cols); })
      .def_property_readonly(
          "skeleton", [](const Graph& g) { return bool_image(g->skeleton); }, "bool [H, W]")
      .def_property_readonly(
          "anchors",
          [](const Graph& g) {
            return rowcol(g->anchors, g->cols, {std::ssize(g->anchors), 2});
          },
          "int64 [B, 2]")
      .def_property_readonly(
          "node_rowcol",
          [](const Graph& g) {
            return borrowed(g->node_rowcol.data(), {g->num_nodes(), 2}, g);
          },
          "float64 [V, 2] mean of the node's pixels")
      .def_property_readonly(
          "node_ptr",
          [](const Graph& g) { return borrowed(g->node_ptr.data(), {std::ssize(g->node_ptr)}, g); },
          "int64 [V + 1] into node_pixel")
      .def_property_readonly(
          "node_pixel",
          [](const Graph& g) {
            return rowcol(g->node_pixel, g->cols, {std::ssize(g->node_pixel), 2});
          },
          "int32 [node_ptr[V], 2]")
      .def_property_readonly(
          "node_pixels",
          [](const Graph& g) {
            std::vector<std::int32_t> counts;
            for (std::size_t v = 0; v + 1 < g->node_ptr.size(); ++v) {
              counts.push_back(static_cast<std::int32_t>(g->node_ptr[v + 1] - g->node_ptr[v]));
            }
            return owned(std::move(counts), {g->num_nodes()});
          },
          "int32 [V] number of pixels")
      .def_property_readonly(
          "node_degree",
          [](const Graph& g) { return borrowed(g->node_degree.data(), {g->num_nodes()}, g); },
          "int32 [V] segment ends")
      .def_property_readonly(
          "node_kind",
          [](const Graph& g) { return borrowed(g->node_kind.data(), {g->num_nodes()}, g); },
          "uint8 [V]: 0 end, 1 junction, 2 border, 3 isolated, 4 ring")
      .def_property_readonly(
          "segment_nodes",
          [](const Graph& g) {
            return borrowed(g->segment_nodes.data(), {g->num_segments(), 2}, g);
          },
          "int64 [S, 2]")
      .def_property_readonly(
          "segment_ends",
          [](const Graph& g) {
            return rowcol(g->segment_ends, g->cols, {g->num_segments(), 2, 2});
          },
          "int32 [S, 2, 2] node pixels where the walk leaves and arrives")
      .def_property_readonly(
          "point_ptr",
          [](const Graph& g) {
            return borrowed(g->point_ptr.data(), {std::ssize(g->point_ptr)}, g);
          },
          "int64 [S + 1] into point_pixel")
      .def_property_readonly(
          "point_pixel",
          [](const Graph& g) {
            return rowcol(g->point_pixel, g->cols, {g->num_points(), 2});
          },
          "int32 [P, 2] pixels between the ends, in walk order");
}

}  // namespace

void bind_vessel(py::module_& m) {
  bind_graph_class(m);
  m.def("trace",
        &trace_skeleton,
        py::arg("skeleton"),
        py::arg("anchors"),
        "Graph of a skeleton, which is made minimal first.");
  m.def("prune",
        &pruned,
        py::arg("graph"),
        py::arg("squared_distance"),
        py::arg("method"),
        py::arg("bulge"),
        py::arg("max_rounds"),
        "A copy of the graph without its spurs.");
  m.def("merge_junctions",
        &merged,
        py::arg("graph"),
        py::arg("squared_distance"),
        py::arg("merge_px"),
        "A copy of the graph in which close junctions at narrow places are one.");
  m.def("segment_table",
        &table_of_segments,
        py::arg("graph"),
        py::arg("mask"),
        py::arg("squared_distance"),
        py::arg("mode"),
        py::arg("intensity") = py::none(),
        "Column names and values [S, F].");
}

}  // namespace gftcore::python
