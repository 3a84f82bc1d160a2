// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "faces.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/vessel/skeleton_graph.hpp"
#include "grid.hpp"

namespace gftcore::naive {

/// Faces of a graph's closure and, for each segment and side, those that its links show.
struct FaceSides {
  Labels closure;
  label_t count = 0;
  std::vector<std::array<std::set<index_t>, 2>> seen;  // of each segment: left, right
};

inline FaceSides face_sides(const SkeletonGraph& graph) {
  FaceSides out;
  out.closure = faces(mask_of(graph.skeleton), graph.anchors, out.count);
  out.seen.resize(static_cast<std::size_t>(graph.num_segments()));
  for (std::size_t s = 0; s < out.seen.size(); ++s) {
    std::vector<index_t> chain{graph.segment_ends[2 * s]};
    for (index_t i = graph.point_ptr[s]; i < graph.point_ptr[s + 1]; ++i) {
      chain.push_back(graph.point_pixel[static_cast<std::size_t>(i)]);
    }
    chain.push_back(graph.segment_ends[2 * s + 1]);
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
      const index_t row = chain[i] / graph.cols;
      const index_t col = chain[i] % graph.cols;
      const index_t dr = chain[i + 1] / graph.cols - row;
      const index_t dc = chain[i + 1] % graph.cols - col;
      for (const std::size_t side : {0U, 1U}) {
        const index_t across_row = side == 0 ? -dc : dc;
        const index_t across_col = side == 0 ? dr : -dr;
        const auto look = [&](index_t r, index_t c) {
          const label_t face = out.closure.get(r + 1, c + 1);
          if (face > 0) out.seen[s].at(side).insert(face - 1);
        };
        if (dr != 0 && dc != 0) {
          look(row + (dr + across_row) / 2, col + (dc + across_col) / 2);
        } else {
          look(row + across_row, col + across_col);
          look(row + dr + across_row, col + dc + across_col);
        }
      }
    }
  }
  return out;
}

/// For each label of `faces` in the image the region that owns most of it; ties: the lower one.
inline std::vector<label_t> majority(const Labels& faces, label_t count, const Labels& regions) {
  std::vector<std::map<label_t, index_t>> votes(static_cast<std::size_t>(count) + 1);
  for (index_t r = 0; r < regions.rows; ++r) {
    for (index_t c = 0; c < regions.cols; ++c) {
      const label_t region = regions.get(r, c);
      if (region > 0) ++votes[static_cast<std::size_t>(faces.get(r, c))][region];
    }
  }
  std::vector<label_t> out;
  for (std::size_t face = 1; face < votes.size(); ++face) {
    label_t best = 0;
    for (const auto& [region, pixels] : votes[face]) {
      if (best == 0 || pixels > votes[face][best]) best = region;
    }
    out.push_back(best);
  }
  return out;
}

/// Edges as a map from the pair of ends to the value.
using Edges = std::map<std::pair<index_t, index_t>, index_t>;

inline Relation relation_of(const Edges& edges) {
  Relation out;
  for (const auto& [ends, value] : edges) out.ends.push_back(ends.first);
  for (const auto& [ends, value] : edges) {
    out.ends.push_back(ends.second);
    out.weight.push_back(static_cast<float>(value));
  }
  return out;
}

inline Edges segment_pairs(const SkeletonGraph& graph) {
  Edges out;
  const index_t segments = graph.num_segments();
  for (index_t i = 0; i < 2 * segments; ++i) {
    for (index_t j = 0; j < 2 * segments; ++j) {
      const index_t node = graph.segment_nodes[static_cast<std::size_t>(i)];
      if (i / 2 >= j / 2 || node != graph.segment_nodes[static_cast<std::size_t>(j)]) continue;
      const auto [edge, fresh] = out.try_emplace({i / 2, j / 2}, node);
      if (!fresh) edge->second = std::min(edge->second, node);
    }
  }
  return out;
}

/// planar_adjacency() by its definition.
inline void planar(const SkeletonGraph& graph,
                   std::span<const index_t> segment_faces,
                   std::span<const label_t> region_of_face,
                   Adjacency& out) {
  Edges touches;
  Edges borders;
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    const index_t points = graph.point_ptr[i + 1] - graph.point_ptr[i];
    std::set<label_t> sides;
    for (const std::size_t side : {0U, 1U}) {
      const index_t face = segment_faces[2 * i + side];
      const label_t region = face < 0 ? 0 : region_of_face[static_cast<std::size_t>(face)];
      if (region > 0) sides.insert(region);
    }
    for (const label_t region : sides) touches[{s, region - 1}] += points;
    if (sides.size() == 2) borders[{*sides.begin() - 1, *sides.rbegin() - 1}] += points;
  }
  out.vv = relation_of(segment_pairs(graph));
  out.vi = relation_of(touches);
  out.ii = relation_of(borders);
}

inline Mask drawing(const SkeletonGraph& graph, std::span<const std::int32_t> squared) {
  Mask drawn(graph.rows, graph.cols);
  for (const std::int32_t pixel : graph.point_pixel) {
    drawn.values[static_cast<std::size_t>(pixel)] = 1;
  }
  for (index_t v = 0; v < graph.num_nodes(); ++v) {
    const auto node = static_cast<std::size_t>(v);
    for (index_t k = graph.node_ptr[node]; k < graph.node_ptr[node + 1]; ++k) {
      const index_t pixel = graph.node_pixel[static_cast<std::size_t>(k)];
      drawn.values[static_cast<std::size_t>(pixel)] = 1;
      const double radius =
          std::sqrt(static_cast<double>(squared[static_cast<std::size_t>(pixel)]));
      const bool is_end = graph.node_kind[node] == static_cast<std::uint8_t>(NodeKind::end);
      if (is_end || radius <= 1) continue;
      const auto drawn_radius = static_cast<index_t>(radius / 1.75) + 1;
      for (index_t r = 0; r < graph.rows; ++r) {
        for (index_t c = 0; c < graph.cols; ++c) {
          const index_t dr = r - pixel / graph.cols;
          const index_t dc = c - pixel % graph.cols;
          if (dr * dr + dc * dc <= drawn_radius * drawn_radius) drawn(r, c) = 1;
        }
      }
    }
  }
  for (index_t r = 0; r < graph.rows; ++r) {
    for (index_t c = 0; c < graph.cols; ++c) {
      if (r < 2 || c < 2 || r >= graph.rows - 2 || c >= graph.cols - 2) drawn(r, c) = 1;
    }
  }
  return drawn;
}

/// centerline4_adjacency() by its definition.
inline void centerline4(const SkeletonGraph& graph,
                        std::span<const std::int32_t> squared,
                        const Labels& regions,
                        Adjacency& out) {
  label_t count = 0;
  const Labels pieces = components(inverted(drawing(graph, squared)), false, count);
  const std::vector<label_t> region = majority(pieces, count, regions);
  Edges touches;
  Edges borders;
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    for (index_t k = graph.point_ptr[i]; k < graph.point_ptr[i + 1]; ++k) {
      const index_t pixel = graph.point_pixel[static_cast<std::size_t>(k)];
      std::set<label_t> near;
      for (int d = 0; d < 8; d += 2) {
        const label_t piece =
            pieces.get(pixel / graph.cols + kRowStep[d], pixel % graph.cols + kColStep[d]);
        const label_t own = piece == 0 ? 0 : region[static_cast<std::size_t>(piece) - 1];
        if (own > 0) near.insert(own);
      }
      for (const label_t a : near) {
        ++touches[{s, a - 1}];
        for (const label_t b : near) {
          if (a < b) ++borders[{a - 1, b - 1}];
        }
      }
    }
  }
  out.vv = relation_of(segment_pairs(graph));
  out.vi = relation_of(touches);
  out.ii = relation_of(borders);
}

}  // namespace gftcore::naive
