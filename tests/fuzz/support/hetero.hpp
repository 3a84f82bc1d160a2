// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "check.hpp"
#include "gftcore/graph/hetero_graph.hpp"
#include "plant.hpp"

namespace gftcore::fuzz {

/// Call visit(name, member of a, member of b) for each array of the result.
template <class Graph, class Visit>
void for_each_array(Graph& a, Graph& b, Visit visit) {
  visit("node_rowcol", a.node_rowcol, b.node_rowcol);
  visit("node_radius_px", a.node_radius_px, b.node_radius_px);
  visit("node_degree", a.node_degree, b.node_degree);
  visit("node_pixels", a.node_pixels, b.node_pixels);
  visit("node_kind", a.node_kind, b.node_kind);
  visit("segment_nodes", a.segment_nodes, b.segment_nodes);
  visit("segment_faces", a.segment_faces, b.segment_faces);
  visit("point_ptr", a.point_ptr, b.point_ptr);
  visit("point_pixel", a.point_pixel, b.point_pixel);
  visit("point_rowcol", a.point_rowcol, b.point_rowcol);
  visit("point_radius_px", a.point_radius_px, b.point_radius_px);
  visit("vessels", a.vessels.values, b.vessels.values);
  visit("areas", a.areas.values, b.areas.values);
  visit("ica_label_id", a.ica_label_id, b.ica_label_id);
  visit("ica_bbox", a.ica_bbox, b.ica_bbox);
  visit("ica_touches_border", a.ica_touches_border, b.ica_touches_border);
  visit("face_ica", a.face_ica, b.face_ica);
  visit("faz", a.faz.values, b.faz.values);
  visit("vv ends", a.vv.ends, b.vv.ends);
  visit("vv weight", a.vv.weight, b.vv.weight);
  visit("ii ends", a.ii.ends, b.ii.ends);
  visit("ii weight", a.ii.weight, b.ii.weight);
  visit("vi ends", a.vi.ends, b.vi.ends);
  visit("vi weight", a.vi.weight, b.vi.weight);
  visit("vf ends", a.vf.ends, b.vf.ends);
  visit("vf weight", a.vf.weight, b.vf.weight);
  visit("if ends", a.if_.ends, b.if_.ends);
  visit("if weight", a.if_.weight, b.if_.weight);
  visit("ff ends", a.ff.ends, b.ff.ends);
  visit("ff weight", a.ff.weight, b.ff.weight);
  visit("kept mask", a.kept.mask, b.kept.mask);
  visit("kept skeleton", a.kept.skeleton, b.kept.skeleton);
  visit("kept distance", a.kept.distance, b.kept.distance);
  visit("kept vessel_label", a.kept.vessel_label, b.kept.vessel_label);
  visit("kept ica_label", a.kept.ica_label, b.kept.ica_label);
  visit("kept face_label", a.kept.face_label, b.kept.face_label);
  visit("kept ridge", a.kept.ridge, b.kept.ridge);
}

/// Equal to the bit in everything but the seconds.
inline void same_hetero(const HeteroGraph& got, const HeteroGraph& want, std::string_view what) {
  const std::string name(what);
  for_each_array(got, want, [&](const char* array, const auto& a, const auto& b) {
    same_bytes(a, b, name + ": " + array);
  });
  same(got.rows, want.rows, name + ": rows");
  same(got.cols, want.cols, name + ": cols");
  same(got.faz_choice.label, want.faz_choice.label, name + ": FAZ");
  expect(got.faz_choice.used == want.faz_choice.used, name + ": FAZ method");
  close(got.faz_choice.confidence, want.faz_choice.confidence, 0, name + ": FAZ confidence");
  expect(got.vessels.columns == want.vessels.columns, name + ": vessel columns");
  expect(got.areas.columns == want.areas.columns, name + ": area columns");
  expect(got.remarks == want.remarks, name + ": remarks");
}

inline void plant_hetero([[maybe_unused]] std::string_view site,
                         [[maybe_unused]] HeteroGraph& graph) {
#if GFTCORE_FUZZ_PLANT
  const std::string name(site);
  for_each_array(graph, graph, [&](const char* array, auto& values, const auto&) {
    if (!values.empty()) plant(name + " " + array, values);
  });
#endif
}

}  // namespace gftcore::fuzz
