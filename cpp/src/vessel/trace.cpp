// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/trace.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/common/resize_exactly.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "vessel/node_pixels.hpp"
#include "vessel/retrace.hpp"

namespace gftcore {
namespace vessel {
namespace {

using NodePixel = TraceScratch::NodePixel;

NodeKind kind_of(const NodePixel& p) {
  if (p.anchor) return NodeKind::border;
  if (p.junction) return NodeKind::junction;
  switch (count_ones(p.links)) {
    case 0:
      return NodeKind::isolated;
    case 1:
      return NodeKind::end;
    default:
      return NodeKind::ring;
  }
}

void build_nodes(index_t count, SkeletonGraph& graph, TraceScratch& s) {
  resize_exactly(graph.node_kind, count);
  graph.node_rowcol.assign(at(2 * count), 0.0);
  graph.node_ptr.assign(at(count + 1), 0);
  graph.node_degree.assign(at(count), 0);
  const std::size_t pixels = s.node_pixels.size();
  for (std::size_t i = 0; i < pixels; ++i) {
    const NodePixel& p = s.node_pixels[i];
    const std::size_t v = at(s.node_of[i]);
    if (p.anchor || at(s.root[i]) == i) graph.node_kind[v] = static_cast<std::uint8_t>(kind_of(p));
    // Sums of integers, hence exact; divided below.
    graph.node_rowcol[2 * v] += p.row;
    graph.node_rowcol[2 * v + 1] += p.col;
    ++graph.node_ptr[v + 1];
  }
  for (std::size_t v = 0; v < at(count); ++v) {
    const auto size = static_cast<double>(graph.node_ptr[v + 1]);
    graph.node_rowcol[2 * v] /= size;
    graph.node_rowcol[2 * v + 1] /= size;
    graph.node_ptr[v + 1] += graph.node_ptr[v];
  }
  resize_exactly(graph.node_pixel, std::ssize(s.node_pixels));
  s.euler.assign(at(count), 0);  // pixels placed so far
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::size_t v = at(s.node_of[i]);
    const NodePixel& p = s.node_pixels[i];
    graph.node_pixel[at(graph.node_ptr[v] + s.euler[v]++)] =
        static_cast<std::int32_t>(p.row * graph.cols + p.col);
  }
}

void add_segment(SkeletonGraph& graph,
                 const TraceScratch& s,
                 std::int32_t start_rank,
                 const Walker::Arrival& arrival,
                 index_t points) {
  const std::int32_t start = s.node_of[at(start_rank)];
  const std::int32_t end = s.node_of[at(arrival.rank)];
  const NodePixel& from = s.node_pixels[at(start_rank)];
  ++graph.node_degree[at(start)];
  ++graph.node_degree[at(end)];
  graph.segment_nodes.push_back(start);
  graph.segment_nodes.push_back(end);
  graph.segment_ends.push_back(static_cast<std::int32_t>(from.row * graph.cols + from.col));
  graph.segment_ends.push_back(arrival.pixel);
  graph.point_ptr.push_back(points);
}

/// Follow every link that leaves a node. There are at most `room` points.
void build_segments(index_t room, SkeletonGraph& graph, TraceScratch& s) {
  graph.segment_nodes.clear();
  graph.segment_ends.clear();
  graph.point_ptr.assign(1, 0);
  resize_exactly(graph.point_pixel, room);
  std::int32_t* const points = graph.point_pixel.data();
  index_t count = 0;
  const Walker walker(graph.skeleton, s);
  const auto ranks = static_cast<std::int32_t>(s.node_pixels.size());
  for (std::int32_t i = 0; i < ranks; ++i) {
    const NodePixel& from = s.node_pixels[at(i)];
    for (unsigned d = 0; d < 8; ++d) {
      // A self-loop uses up another link of this very pixel.
      if ((from.links & ~static_cast<unsigned>(from.used)) >> d == 0) break;
      if (((from.links & ~static_cast<unsigned>(from.used)) >> d & 1U) == 0) continue;
      const Walker::Arrival arrival =
          walker.walk(from.row, from.col, d, [&](std::int32_t pixel) { points[count++] = pixel; });
      const bool inside_node =
          count == graph.point_ptr.back() && s.node_of[at(i)] == s.node_of[at(arrival.rank)];
      if (inside_node) continue;
      std::uint8_t& used = s.node_pixels[at(arrival.rank)].used;
      used = static_cast<std::uint8_t>(used | 1U << opposite(arrival.heading));
      add_segment(graph, s, i, arrival, count);
    }
  }
  graph.point_pixel.resize(at(count));
}

/// Walk around the cycle of path pixels through (r, c), clearing them.
void clear_cycle(const BitImage& skeleton, BitImage& unvisited, index_t r, index_t c) {
  auto heading = static_cast<unsigned>(std::countr_zero(kLinkTable[pattern_at(skeleton, r, c)]));
  do {
    unvisited.clear(r, c);
    r += kRowStep[heading];
    c += kColStep[heading];
    heading = kNextTable[8 * pattern_at(skeleton, r, c) + heading];
  } while (unvisited.test(r, c));
}

/// Add the first pixel of every cycle that no walk has reached to the forced nodes.
void force_rings(const SkeletonGraph& graph, TraceScratch& s) {
  s.unvisited = graph.skeleton;
  for (const NodePixel& p : s.node_pixels) s.unvisited.clear(p.row, p.col);
  for (const std::int32_t pixel : graph.point_pixel) {
    s.unvisited.clear(pixel / graph.cols, pixel % graph.cols);
  }
  for (index_t r = 0; r < graph.rows; ++r) {
    for (index_t k = 0; k < s.unvisited.used_words(); ++k) {
      while (s.unvisited.row(r)[k] != 0) {
        const index_t c = 64 * k + std::countr_zero(s.unvisited.row(r)[k]);
        s.forced.push_back(r * graph.cols + c);
        clear_cycle(graph.skeleton, s.unvisited, r, c);
      }
    }
  }
  std::sort(s.forced.begin(), s.forced.end());
}

}  // namespace

void retrace(SkeletonGraph& graph, TraceScratch& s) {
  s.forced = graph.anchors;
  for (;;) {
    const index_t path_pixels = collect_node_pixels(graph.skeleton, s.forced, graph.anchors, s);
    build_nodes(group_node_pixels(s), graph, s);
    build_segments(path_pixels, graph, s);
    if (graph.num_points() == path_pixels) return;
    force_rings(graph, s);  // at most once: every cycle then has a node
  }
}

void take_skeleton(const BitImage& skeleton,
                   std::span<const index_t> anchors,
                   SkeletonGraph& graph) {
  require_supported_size(skeleton.rows(), skeleton.cols(), "skeleton");
  const index_t size = skeleton.rows() * skeleton.cols();
  index_t previous = -1;
  for (const index_t anchor : anchors) {
    if (anchor <= previous || anchor >= size) {
      throw ValueError("anchors must be ascending and lie in the image, got raster index " +
                       std::to_string(anchor) + " after " + std::to_string(previous));
    }
    previous = anchor;
  }
  graph.rows = skeleton.rows();
  graph.cols = skeleton.cols();
  graph.skeleton = skeleton;
  std::vector<index_t> kept;  // `anchors` may be the graph's own
  for (const index_t anchor : anchors) {
    if (skeleton.test(anchor / graph.cols, anchor % graph.cols)) kept.push_back(anchor);
  }
  graph.anchors = std::move(kept);
  minimal_pass(graph.skeleton, graph.anchors);
}

}  // namespace vessel

void trace(const BitImage& skeleton,
           std::span<const index_t> anchors,
           SkeletonGraph& out,
           TraceScratch& scratch) {
  vessel::take_skeleton(skeleton, anchors, out);
  vessel::retrace(out, scratch);
}

}  // namespace gftcore
