// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gftcore/common/index.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/intercapillary/faz.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"

namespace gftcore {

/// A float64 table, row-major, with a name for each column.
struct Table {
  std::vector<std::string> columns;  // [F]
  std::vector<double> values;        // [rows, F]

  index_t rows() const {
    return columns.empty() ? 0 : static_cast<index_t>(values.size() / columns.size());
  }
};

/// Remarks about an input that is valid but probably not what its owner meant.
enum class Remark : std::uint8_t { empty_mask, full_mask, no_segments, density_suspect };

/// Face markers in HeteroGraph::face_ica.
inline constexpr index_t kNoRegion = -1;
inline constexpr index_t kFazRegion = -2;

/// Optional images, [H, W]; empty unless asked for.
struct KeptImages {
  std::vector<std::uint8_t> mask;      // after exclusion and skeleton_fill_px
  std::vector<std::uint8_t> skeleton;  // pruned
  std::vector<float> distance;         // px; +inf where the mask has no background
  std::vector<label_t> vessel_label;   // segment + 1 of each assigned mask pixel
  std::vector<label_t> ica_label;      // regions, the FAZ included
  std::vector<label_t> face_label;     // face + 1 of each off pixel of the skeleton
  std::vector<float> ridge;            // segmentation response
};

/// Vessel segments, intercapillary areas and the foveal avascular zone of one image.
///
/// V nodes and S segments with P points of the pruned skeleton; A areas without the FAZ.
/// Edges hold each undirected edge once, sorted.
struct HeteroGraph {
  index_t rows = 0;
  index_t cols = 0;

  std::vector<float> node_rowcol;         // [V, 2]
  std::vector<float> node_radius_px;      // [V]
  std::vector<std::int32_t> node_degree;  // [V]
  std::vector<std::int32_t> node_pixels;  // [V]
  std::vector<std::uint8_t> node_kind;    // [V] NodeKind

  std::vector<index_t> segment_nodes;     // [S, 2]
  std::vector<index_t> segment_faces;     // [S, 2] left, right
  std::vector<index_t> point_ptr;         // [S + 1]
  std::vector<std::int32_t> point_pixel;  // [P, 2] row, col
  std::vector<float> point_rowcol;        // [P, 2] smoothed
  std::vector<float> point_radius_px;     // [P]
  Table vessels;                          // [S, Fv]

  Table areas;                                   // [A, Fa]
  std::vector<label_t> ica_label_id;             // [A]
  std::vector<std::int32_t> ica_bbox;            // [A, 4] half-open
  std::vector<std::uint8_t> ica_touches_border;  // [A]
  std::vector<index_t> face_ica;                 // [faces] area row, kNoRegion or kFazRegion

  Table faz;  // [0 or 1, Fa]
  FazChoice faz_choice;

  Relation vv, ii, vi, vf, if_, ff;

  std::vector<Remark> remarks;
  std::vector<std::pair<const char*, double>> stage_seconds;  // wall time, in order
  KeptImages kept;
};

}  // namespace gftcore
