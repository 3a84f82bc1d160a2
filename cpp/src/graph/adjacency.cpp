// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/adjacency.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "gftcore/common/checks.hpp"
#include "gftcore/graph/edge_list.hpp"

namespace gftcore {
namespace {

constexpr index_t kFramePx = 2;

/// Components of a drawing's complement, in image coordinates, matched to regions.
struct MatchedFaces {
  Faces faces;
  std::vector<label_t> region;
};

void draw_disc(BitImage& image, index_t row, index_t col, index_t radius) {
  const index_t top = std::max<index_t>(row - radius, 0);
  const index_t bottom = std::min(row + radius, image.rows() - 1);
  const index_t left = std::max<index_t>(col - radius, 0);
  const index_t right = std::min(col + radius, image.cols() - 1);
  for (index_t r = top; r <= bottom; ++r) {
    for (index_t c = left; c <= right; ++c) {
      if ((r - row) * (r - row) + (c - col) * (c - col) <= radius * radius) image.set(r, c);
    }
  }
}

void draw_nodes(const SkeletonGraph& graph,
                ImageView<const std::int32_t> squared_distance,
                BitImage& image) {
  for (index_t v = 0; v < graph.num_nodes(); ++v) {
    const auto node = static_cast<std::size_t>(v);
    const bool is_end = graph.node_kind[node] == static_cast<std::uint8_t>(NodeKind::end);
    for (index_t k = graph.node_ptr[node]; k < graph.node_ptr[node + 1]; ++k) {
      const std::int32_t pixel = graph.node_pixel[static_cast<std::size_t>(k)];
      const index_t r = pixel / graph.cols;
      const index_t c = pixel % graph.cols;
      image.set(r, c);
      const double radius = std::sqrt(static_cast<double>(squared_distance(r, c)));
      if (!is_end && radius > 1.0) draw_disc(image, r, c, static_cast<index_t>(radius / 1.75) + 1);
    }
  }
}

void draw_frame(BitImage& image) {
  for (index_t r = 0; r < image.rows(); ++r) {
    const bool whole_row = r < kFramePx || r >= image.rows() - kFramePx;
    for (index_t c = 0; c < image.cols(); ++c) {
      if (whole_row || c < kFramePx || c >= image.cols() - kFramePx) {
        image.set(r, c);
      } else {
        c = std::max(c, image.cols() - kFramePx - 1);
      }
    }
  }
}

/// What centerline4 draws: points, nodes and a frame.
BitImage drawing(const SkeletonGraph& graph, ImageView<const std::int32_t> squared_distance) {
  BitImage drawn(graph.rows, graph.cols);
  for (const std::int32_t pixel : graph.point_pixel) {
    drawn.set(pixel / graph.cols, pixel % graph.cols);
  }
  draw_nodes(graph, squared_distance, drawn);
  draw_frame(drawn);
  return drawn;
}

/// Distinct positive labels among the matched faces of a pixel's 4-neighbours, ascending.
struct Touching {
  std::array<label_t, 4> labels{};
  std::size_t count = 0;

  void add(label_t label) {
    auto* const end = labels.begin() + count;
    auto* const at = std::lower_bound(labels.begin(), end, label);
    if (at != end && *at == label) return;
    std::copy_backward(at, end, end + 1);
    *at = label;
    ++count;
  }
};

Touching regions_at(const MatchedFaces& matched, index_t r, index_t c) {
  constexpr std::array<std::array<index_t, 2>, 4> kSteps{{{-1, 0}, {0, 1}, {1, 0}, {0, -1}}};
  Touching touching;
  const Labelling& closure = matched.faces.closure;
  for (const auto& [dr, dc] : kSteps) {
    const index_t row = r + dr;
    const index_t col = c + dc;
    if (row < 0 || col < 0 || row >= closure.rows - 2 || col >= closure.cols - 2) continue;
    const label_t face = label_at(closure, row + 1, col + 1);
    if (face == 0) continue;
    const label_t region = matched.region[static_cast<std::size_t>(face) - 1];
    if (region > 0) touching.add(region);
  }
  return touching;
}

/// Counts the pairs that the points of one segment show: few different ones, over and over.
class FewPairs {
 public:
  void add(index_t first, index_t second) {
    // The last point's pairs are the most likely ones.
    const auto found = std::find_if(pairs_.rbegin(), pairs_.rend(), [&](const Pair& pair) {
      return pair.first == first && pair.second == second;
    });
    if (found == pairs_.rend()) {
      pairs_.push_back({first, second, 1});
    } else {
      ++found->count;
    }
  }

  void move_to(EdgeList& edges) {
    for (const Pair& pair : pairs_) edges.add(pair.first, pair.second, pair.count);
    pairs_.clear();
  }

 private:
  struct Pair {
    index_t first, second, count;
  };
  std::vector<Pair> pairs_;
};

/// Pairs i < j of segments that share a node; a self-loop pairs with the others only.
void segment_pairs(const SkeletonGraph& graph, Relation& out) {
  const index_t nodes = graph.num_nodes();
  const index_t segments = graph.num_segments();
  std::vector<index_t> first(static_cast<std::size_t>(nodes) + 1, 0);
  for (const index_t node : graph.segment_nodes) ++first[static_cast<std::size_t>(node) + 1];
  for (std::size_t v = 1; v < first.size(); ++v) first[v] += first[v - 1];
  std::vector<index_t> segment_at(graph.segment_nodes.size());
  std::vector<index_t> next(first.begin(), first.end() - 1);
  for (index_t s = 0; s < 2 * segments; ++s) {
    const auto node = static_cast<std::size_t>(graph.segment_nodes[static_cast<std::size_t>(s)]);
    segment_at[static_cast<std::size_t>(next[node]++)] = s / 2;
  }
  EdgeList pairs;
  for (index_t v = 0; v < nodes; ++v) {
    const auto begin = static_cast<std::size_t>(first[static_cast<std::size_t>(v)]);
    const auto end = static_cast<std::size_t>(first[static_cast<std::size_t>(v) + 1]);
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t j = i + 1; j < end; ++j) {
        if (segment_at[i] != segment_at[j]) pairs.add(segment_at[i], segment_at[j], v);
      }
    }
  }
  pairs.take_lowest(out);
}

}  // namespace

void planar_adjacency(const SkeletonGraph& graph,
                      const Faces& faces,
                      std::span<const label_t> region_of_face,
                      Adjacency& out) {
  if (faces.segment_faces.size() != graph.segment_nodes.size() ||
      faces.count() != static_cast<index_t>(region_of_face.size())) {
    throw ShapeError("faces must be those of the graph, and region_of_face theirs");
  }
  segment_pairs(graph, out.vv);
  const auto region_of = [&](index_t face) {
    return face < 0 ? label_t{0} : region_of_face[static_cast<std::size_t>(face)];
  };
  EdgeList touches;
  EdgeList borders;
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    const index_t points = graph.point_ptr[i + 1] - graph.point_ptr[i];
    const label_t left = region_of(faces.segment_faces[2 * i]);
    const label_t right = region_of(faces.segment_faces[2 * i + 1]);
    const auto [low, high] = std::minmax(left, right);
    if (low > 0) touches.add(s, low - 1, points);
    if (high > 0 && high != low) touches.add(s, high - 1, points);
    if (low > 0 && high != low) borders.add(low - 1, high - 1, points);
  }
  touches.take_sum(out.vi);
  borders.take_sum(out.ii);
}

void centerline4_adjacency(const SkeletonGraph& graph,
                           ImageView<const std::int32_t> squared_distance,
                           const Labelling& regions,
                           Adjacency& out) {
  require_same_shape(graph.skeleton, "graph", squared_distance, "squared_distance");
  segment_pairs(graph, out.vv);
  BitImage background;
  close_image(drawing(graph, squared_distance), {}, background);
  complement(background, background);
  // The drawn frame keeps the closure's ring a face of its own, which matches no region.
  MatchedFaces matched;
  label_runs(background, Connectivity::four, matched.faces.closure);
  match_faces(matched.faces, regions, matched.region);

  EdgeList touches;
  EdgeList borders;
  FewPairs touched;
  FewPairs bordered;
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    for (index_t k = graph.point_ptr[i]; k < graph.point_ptr[i + 1]; ++k) {
      const std::int32_t pixel = graph.point_pixel[static_cast<std::size_t>(k)];
      const Touching at = regions_at(matched, pixel / graph.cols, pixel % graph.cols);
      for (std::size_t a = 0; a < at.count; ++a) {
        touched.add(s, at.labels[a] - 1);
        for (std::size_t b = a + 1; b < at.count; ++b) {
          bordered.add(at.labels[a] - 1, at.labels[b] - 1);
        }
      }
    }
    touched.move_to(touches);
    bordered.move_to(borders);
  }
  touches.take_sum(out.vi);
  borders.take_sum(out.ii);
}

}  // namespace gftcore
