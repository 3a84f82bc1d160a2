// SPDX-License-Identifier: Apache-2.0
#include "invariants.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"

namespace gftcore::fuzz {
namespace {

template <class T>
void in_range(const std::vector<T>& values, index_t low, index_t high, const char* what) {
  for (const T value : values) expect(value >= low && value < high, what);
}

/// Columns of a table; -1 where there is no such column.
double value(const Table& table, index_t row, const std::string& column) {
  const auto found = std::ranges::find(table.columns, column);
  expect(found != table.columns.end(), "the table has the column " + column);
  const auto width = static_cast<std::size_t>(table.columns.size());
  const auto at = static_cast<std::size_t>(found - table.columns.begin());
  return table.values[static_cast<std::size_t>(row) * width + at];
}

/// Ends in range, in lexicographic order, each pair once; `ascending` pairs have first < second.
void check_relation(const Relation& relation,
                    index_t firsts,
                    index_t seconds,
                    bool ascending,
                    const std::string& name) {
  const index_t edges = relation.count();
  same(std::ssize(relation.ends), 2 * edges, name + ": two ends an edge");
  std::pair<index_t, index_t> before{-1, -1};
  for (index_t e = 0; e < edges; ++e) {
    const std::pair edge{relation.ends[static_cast<std::size_t>(e)],
                         relation.ends[static_cast<std::size_t>(edges + e)]};
    expect(edge.first >= 0 && edge.first < firsts, name + ": first end");
    expect(edge.second >= 0 && edge.second < seconds, name + ": second end");
    expect(!ascending || edge.first < edge.second, name + ": first < second");
    expect(before < edge, name + ": sorted, each once");
    before = edge;
  }
  for (const float weight : relation.weight) expect(weight >= 0, name + ": weight");
}

/// How often each id below n is an end on one side, or on both if `side` is 2.
std::vector<double> ends_of(const Relation& relation, int side, index_t n) {
  std::vector<double> count(static_cast<std::size_t>(n), 0.0);
  const auto edges = static_cast<std::size_t>(relation.count());
  for (std::size_t e = 0; e < edges; ++e) {
    if (side != 1) ++count[static_cast<std::size_t>(relation.ends[e])];
    if (side != 0) ++count[static_cast<std::size_t>(relation.ends[edges + e])];
  }
  return count;
}

void check_nodes(const HeteroGraph& graph) {
  const index_t nodes = std::ssize(graph.node_kind);
  same(std::ssize(graph.node_rowcol), 2 * nodes, "node_rowcol");
  same(std::ssize(graph.node_radius_px), nodes, "node_radius_px");
  same(std::ssize(graph.node_degree), nodes, "node_degree");
  same(std::ssize(graph.node_pixels), nodes, "node_pixels");
  in_range(graph.node_kind, 0, 5, "node_kind");
  in_range(graph.node_pixels, 1, graph.rows * graph.cols + 1, "node_pixels");
  for (std::size_t v = 0; v < graph.node_kind.size(); ++v) {
    const float row = graph.node_rowcol[2 * v];
    const float col = graph.node_rowcol[2 * v + 1];
    expect(row >= 0 && row <= static_cast<float>(graph.rows - 1), "node row");
    expect(col >= 0 && col <= static_cast<float>(graph.cols - 1), "node col");
  }
  std::vector<std::int32_t> degree(graph.node_kind.size(), 0);
  in_range(graph.segment_nodes, 0, nodes, "segment_nodes");
  for (const index_t node : graph.segment_nodes) ++degree[static_cast<std::size_t>(node)];
  same(graph.node_degree, degree, "node_degree");
}

void check_segments(const HeteroGraph& graph) {
  const index_t segments = graph.vessels.rows();
  const index_t points = std::ssize(graph.point_radius_px);
  same(std::ssize(graph.segment_nodes), 2 * segments, "segment_nodes");
  same(std::ssize(graph.segment_faces), 2 * segments, "segment_faces");
  in_range(graph.segment_faces, 0, std::ssize(graph.face_ica), "segment_faces");
  same(std::ssize(graph.point_ptr), segments + 1, "point_ptr");
  expect(graph.point_ptr.front() == 0 && graph.point_ptr.back() == points &&
             std::ranges::is_sorted(graph.point_ptr),
         "point_ptr rises");
  same(std::ssize(graph.point_pixel), 2 * points, "point_pixel");
  same(std::ssize(graph.point_rowcol), 2 * points, "point_rowcol");
  for (std::size_t i = 0; i < graph.point_pixel.size(); i += 2) {
    expect(graph.point_pixel[i] >= 0 && graph.point_pixel[i] < graph.rows, "point row");
    expect(graph.point_pixel[i + 1] >= 0 && graph.point_pixel[i + 1] < graph.cols, "point col");
    expect(graph.point_rowcol[i] >= -1 && graph.point_rowcol[i] <= static_cast<float>(graph.rows),
           "smoothed row");
  }
  const auto vv = ends_of(graph.vv, 2, segments);
  const auto vi = ends_of(graph.vi, 0, segments);
  const auto vf = ends_of(graph.vf, 0, segments);
  for (index_t s = 0; s < segments; ++s) {
    const auto i = static_cast<std::size_t>(s);
    same(value(graph.vessels, s, "degree"), vv[i], "degree of a segment");
    same(value(graph.vessels, s, "hetero_degree"), vi[i] + vf[i], "hetero_degree of a segment");
    same(value(graph.vessels, s, "num_voxels"),
         static_cast<double>(graph.point_ptr[i + 1] - graph.point_ptr[i]),
         "num_voxels");
  }
}

void check_areas(const HeteroGraph& graph) {
  const index_t areas = std::ssize(graph.ica_label_id);
  same(graph.areas.rows(), areas, "rows of the areas");
  same(std::ssize(graph.ica_bbox), 4 * areas, "ica_bbox");
  same(std::ssize(graph.ica_touches_border), areas, "ica_touches_border");
  in_range(graph.ica_touches_border, 0, 2, "ica_touches_border");
  in_range(graph.face_ica, kFazRegion, areas, "face_ica");
  expect(std::ranges::adjacent_find(graph.ica_label_id, std::greater_equal()) ==
             graph.ica_label_id.end(),
         "ica_label_id ascends");
  const auto ii = ends_of(graph.ii, 2, areas);
  const auto vi = ends_of(graph.vi, 1, areas);
  for (index_t a = 0; a < areas; ++a) {
    const auto i = static_cast<std::size_t>(a);
    const std::int32_t* box = &graph.ica_bbox[4 * i];
    expect(box[0] >= 0 && box[0] < box[2] && box[2] <= graph.rows, "rows of a box");
    expect(box[1] >= 0 && box[1] < box[3] && box[3] <= graph.cols, "columns of a box");
    const double area = value(graph.areas, a, "area");
    expect(area >= 1 && area <= double{1} * (box[2] - box[0]) * (box[3] - box[1]), "area of a box");
    same(value(graph.areas, a, "degree"), ii[i], "degree of an area");
    same(value(graph.areas, a, "hetero_degree"), vi[i], "hetero_degree of an area");
  }
  const index_t zones = graph.faz.rows();
  expect(zones <= 1 && (zones == 1) == (graph.faz_choice.label > 0), "one FAZ at most");
  same(graph.ff.count(), zones, "ff");
  if (zones == 0) return;
  same(value(graph.faz, 0, "degree"), static_cast<double>(graph.if_.count()), "degree of the FAZ");
  same(value(graph.faz, 0, "hetero_degree"),
       static_cast<double>(graph.vf.count()),
       "hetero_degree of the FAZ");
}

}  // namespace

void check_invariants(const HeteroGraph& graph) {
  const index_t segments = graph.vessels.rows();
  const index_t areas = graph.areas.rows();
  const index_t zones = graph.faz.rows();
  check_relation(graph.vv, segments, segments, true, "vv");
  check_relation(graph.vi, segments, areas, false, "vi");
  check_relation(graph.ii, areas, areas, true, "ii");
  check_relation(graph.vf, segments, zones, false, "vf");
  check_relation(graph.if_, areas, zones, false, "if");
  check_relation(graph.ff, zones, zones, false, "ff");
  check_nodes(graph);
  check_segments(graph);
  check_areas(graph);
}

}  // namespace gftcore::fuzz
