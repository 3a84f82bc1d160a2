// SPDX-License-Identifier: Apache-2.0
#include "hetero_graph.hpp"

#include <pybind11/stl.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "numpy_view.hpp"
#include "relation.hpp"

namespace gftcore::python {
namespace {

template <class T>
py::array column(std::vector<T>&& values) {
  const auto size = static_cast<py::ssize_t>(values.size());
  return owned(std::move(values), {size});
}

/// One row for every `width` values.
template <class T>
py::array rows(std::vector<T>&& values, py::ssize_t width) {
  const auto count = width == 0 ? 0 : static_cast<py::ssize_t>(values.size()) / width;
  return owned(std::move(values), {count, width});
}

py::object as_bool(const py::array& bytes) { return bytes.attr("view")("bool"); }

void put_nodes(HeteroGraph& graph, py::dict& out) {
  out["node_rowcol"] = rows(std::move(graph.node_rowcol), 2);
  out["node_radius_px"] = column(std::move(graph.node_radius_px));
  out["node_degree"] = column(std::move(graph.node_degree));
  out["node_pixels"] = column(std::move(graph.node_pixels));
  out["node_kind"] = column(std::move(graph.node_kind));
}

void put_segments(HeteroGraph& graph, py::dict& out) {
  out["segment_nodes"] = rows(std::move(graph.segment_nodes), 2);
  out["segment_faces"] = rows(std::move(graph.segment_faces), 2);
  out["point_ptr"] = column(std::move(graph.point_ptr));
  out["point_pixel"] = rows(std::move(graph.point_pixel), 2);
  out["point_rowcol"] = rows(std::move(graph.point_rowcol), 2);
  out["point_radius_px"] = column(std::move(graph.point_radius_px));
}

void put_table(Table& table, const char* values, const char* columns, py::dict& out) {
  const auto width = static_cast<py::ssize_t>(table.columns.size());
  out[values] = rows(std::move(table.values), width);
  if (columns != nullptr) out[columns] = py::tuple(py::cast(table.columns));
}

void put_areas(HeteroGraph& graph, py::dict& out) {
  put_table(graph.vessels, "vessel_x", "vessel_columns", out);
  put_table(graph.areas, "ica_x", "ica_columns", out);
  put_table(graph.faz, "faz_x", nullptr, out);
  out["ica_label_id"] = column(std::move(graph.ica_label_id));
  out["ica_bbox"] = rows(std::move(graph.ica_bbox), 4);
  out["ica_touches_border"] = as_bool(column(std::move(graph.ica_touches_border)));
  out["face_ica"] = column(std::move(graph.face_ica));
  out["faz_label"] = graph.faz_choice.label;
  out["faz_method"] = std::string(name(graph.faz_choice.used));
  out["faz_confidence"] = graph.faz_choice.confidence;
}

void put_edges(HeteroGraph& graph, py::dict& out) {
  const std::array<std::pair<const char*, Relation*>, 6> relations{{{"vv", &graph.vv},
                                                                    {"ii", &graph.ii},
                                                                    {"vi", &graph.vi},
                                                                    {"vf", &graph.vf},
                                                                    {"if", &graph.if_},
                                                                    {"ff", &graph.ff}}};
  py::dict edges;
  py::dict weights;
  for (const auto& [name, relation] : relations) {
    const py::tuple both = edges_and_weights(std::move(*relation));
    edges[name] = both[0];
    weights[name] = both[1];
  }
  out["edges"] = edges;
  out["edge_attr"] = weights;
}

py::dict kept_images(KeptImages& kept, index_t height, index_t width) {
  py::dict images;
  const auto put = [&](const char* name, auto&& pixels, bool is_mask) {
    if (pixels.empty()) return;
    const py::array image = owned(std::move(pixels), {height, width});
    images[name] = is_mask ? as_bool(image) : py::object(image);
  };
  put("mask", kept.mask, true);
  put("skeleton", kept.skeleton, true);
  put("distance", kept.distance, false);
  put("vessel_label", kept.vessel_label, false);
  put("ica_label", kept.ica_label, false);
  put("face_label", kept.face_label, false);
  put("ridge", kept.ridge, false);
  return images;
}

const char* code(Remark remark) {
  constexpr std::array kCodes{"EMPTY_MASK", "FULL_MASK", "NO_SEGMENTS", "DENSITY_SUSPECT"};
  return kCodes.at(static_cast<std::size_t>(remark));
}

}  // namespace

py::dict arrays_of(HeteroGraph&& graph) {
  py::dict out;
  out["shape"] = py::make_tuple(graph.rows, graph.cols);
  put_nodes(graph, out);
  put_segments(graph, out);
  put_areas(graph, out);
  put_edges(graph, out);
  out["kept"] = kept_images(graph.kept, graph.rows, graph.cols);
  py::list remarks;
  for (const Remark remark : graph.remarks) remarks.append(code(remark));
  out["warnings"] = remarks;
  py::dict seconds;
  for (const auto& [stage, time] : graph.stage_seconds) seconds[stage] = time;
  out["stage_seconds"] = seconds;
  return out;
}

}  // namespace gftcore::python
