// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/trace.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "vessel/links.hpp"
#include "vessel/retrace.hpp"

namespace gftcore {
namespace vessel {
namespace {

using NodePixel = TraceScratch::NodePixel;

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

/// Position of a node pixel among all node pixels in raster order.
std::int32_t rank(const TraceScratch& s, index_t r, index_t c) {
  const std::uint64_t before = s.nodes.row(r)[c >> 6] & ((std::uint64_t{1} << (c & 63)) - 1);
  return s.rank_base[at(r * s.nodes.used_words() + (c >> 6))] + std::popcount(before);
}

std::int32_t find(std::vector<std::int32_t>& root, std::int32_t i) {
  while (root[at(i)] != i) {
    root[at(i)] = root[at(root[at(i)])];
    i = root[at(i)];
  }
  return i;
}

/// The lower rank stays root, so roots are first pixels.
void unite(std::vector<std::int32_t>& root, std::int32_t i, std::int32_t j) {
  i = find(root, i);
  j = find(root, j);
  root[at(std::max(i, j))] = std::min(i, j);
}

/// Find the node pixels of the skeleton: forced ones and those without exactly two links.
/// Returns the number of skeleton pixels.
index_t collect_node_pixels(const SkeletonGraph& graph, TraceScratch& s) {
  const BitImage& skeleton = graph.skeleton;
  s.nodes.reset(graph.rows, graph.cols);
  s.junctions.reset(graph.rows, graph.cols);
  s.node_pixels.clear();
  s.rank_base.resize(at(graph.rows * skeleton.used_words()));
  auto forced = s.forced.begin();
  auto anchor = graph.anchors.begin();
  index_t pixels = 0;
  index_t word_id = 0;
  for (index_t r = 0; r < graph.rows; ++r) {
    const std::uint64_t* row = skeleton.row(r);
    for (index_t k = 0; k < skeleton.used_words(); ++k, ++word_id) {
      s.rank_base[at(word_id)] = static_cast<std::int32_t>(s.node_pixels.size());
      std::uint64_t nodes = 0;
      std::uint64_t junctions = 0;
      for (std::uint64_t word = row[k]; word != 0; word &= word - 1) {
        ++pixels;
        const index_t c = 64 * k + std::countr_zero(word);
        const std::uint8_t links = kLinkTable[pattern_at(row, skeleton.stride(), c)];
        const bool is_forced = forced != s.forced.end() && *forced == r * graph.cols + c;
        if (is_forced) ++forced;
        if (kCountTable[links] == 2 && !is_forced) continue;
        const bool is_anchor = anchor != graph.anchors.end() && *anchor == r * graph.cols + c;
        if (is_anchor) ++anchor;
        const bool is_junction = kCountTable[links] > 2;
        const std::uint64_t bit = word & (~word + 1);
        nodes |= bit;
        if (is_junction) junctions |= bit;
        s.node_pixels.push_back({static_cast<std::int32_t>(r), static_cast<std::int32_t>(c), links,
                                 0, is_anchor, is_junction});
      }
      s.nodes.row(r)[k] = nodes;
      s.junctions.row(r)[k] = junctions;
    }
  }
  return pixels;
}

/// A pixel's part in the Euler number (faces - edges + corners of closed squares) of its cluster;
/// an edge or corner belongs to the first pixel that has it. Bit 3 i + j of `near`: row i, col j.
int euler_share(unsigned near) {
  const bool nw = (near & 1U) != 0;
  const bool n = (near & 2U) != 0;
  const bool ne = (near & 4U) != 0;
  const bool w = (near & 8U) != 0;
  const int edges = 2 + (n ? 0 : 1) + (w ? 0 : 1);
  const int corners = 1 + (nw || n || w ? 0 : 1) + (n || ne ? 0 : 1) + (w ? 0 : 1);
  return 1 - edges + corners;
}

/// Make every cluster with a hole one node per group of 2 x 2 blocks that share pixels.
void split_clusters_with_holes(TraceScratch& s) {
  const auto count = static_cast<std::int32_t>(s.node_pixels.size());
  const auto has_hole = [&](std::int32_t i) {
    return s.node_pixels[at(i)].junction && s.euler[at(i)] != 1;
  };
  // After this loop the euler entry of every such pixel is its cluster's, and it is alone.
  for (std::int32_t i = 0; i < count; ++i) {
    s.euler[at(i)] = s.euler[at(s.root[at(i)])];
    if (has_hole(i)) s.root[at(i)] = i;
  }
  for (std::int32_t i = 0; i < count; ++i) {
    if (!has_hole(i)) continue;
    const NodePixel& p = s.node_pixels[at(i)];
    const unsigned near =
        pattern_at(s.junctions.row(p.row), s.junctions.stride(), p.col);
    constexpr unsigned kBlockEast = 1U << 5U | 1U << 7U | 1U << 8U;
    if ((near & kBlockEast) != kBlockEast) continue;
    const std::int32_t below = rank(s, p.row + 1, p.col);
    unite(s.root, i, i + 1);
    unite(s.root, i, below);
    unite(s.root, i, below + 1);
  }
  for (std::int32_t i = 0; i < count; ++i) s.root[at(i)] = find(s.root, i);
}

/// Group touching junction pixels; afterwards root[i] is the first pixel of i's node.
void group_node_pixels(TraceScratch& s) {
  const auto count = static_cast<std::int32_t>(s.node_pixels.size());
  s.root.resize(at(count));
  s.euler.assign(at(count), 1);
  for (std::int32_t i = 0; i < count; ++i) {
    s.root[at(i)] = i;
    const NodePixel& p = s.node_pixels[at(i)];
    if (!p.junction) continue;
    const unsigned near = pattern_at(s.junctions.row(p.row), s.junctions.stride(), p.col);
    s.euler[at(i)] = euler_share(near);
    if ((near & 8U) != 0) unite(s.root, i, i - 1);
    for (unsigned j = 0; j < 3; ++j) {
      if ((near >> j & 1U) != 0) unite(s.root, i, rank(s, p.row - 1, p.col - 1 + j));
    }
  }
  bool any_hole = false;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t first = find(s.root, i);
    s.root[at(i)] = first;
    if (first != i) s.euler[at(first)] += s.euler[at(i)];
  }
  for (std::int32_t i = 0; i < count; ++i) any_hole |= s.root[at(i)] == i && s.euler[at(i)] != 1;
  if (any_hole) split_clusters_with_holes(s);
}

NodeKind kind_of(const NodePixel& p) {
  if (p.anchor) return NodeKind::border;
  switch (kCountTable[p.links]) {
    case 0: return NodeKind::isolated;
    case 1: return NodeKind::end;
    case 2: return NodeKind::ring;
    default: return NodeKind::junction;
  }
}

void build_nodes(SkeletonGraph& graph, TraceScratch& s) {
  const std::size_t count = s.node_pixels.size();
  s.node_of.resize(count);
  graph.node_kind.clear();
  graph.node_rowcol.clear();
  graph.node_ptr.assign(1, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const NodePixel& p = s.node_pixels[i];
    if (s.root[i] == static_cast<std::int32_t>(i)) {
      s.node_of[i] = static_cast<std::int32_t>(graph.node_kind.size());
      graph.node_kind.push_back(static_cast<std::uint8_t>(kind_of(p)));
      graph.node_rowcol.insert(graph.node_rowcol.end(), {0.0, 0.0});
      graph.node_ptr.push_back(0);
    } else {
      s.node_of[i] = s.node_of[at(s.root[i])];
    }
    const std::size_t v = at(s.node_of[i]);
    if (p.anchor) graph.node_kind[v] = static_cast<std::uint8_t>(NodeKind::border);
    // Sums of integers, hence exact; divided below.
    graph.node_rowcol[2 * v] += p.row;
    graph.node_rowcol[2 * v + 1] += p.col;
    ++graph.node_ptr[v + 1];
  }
  const std::size_t nodes = graph.node_kind.size();
  for (std::size_t v = 0; v < nodes; ++v) {
    const auto size = static_cast<double>(graph.node_ptr[v + 1]);
    graph.node_rowcol[2 * v] /= size;
    graph.node_rowcol[2 * v + 1] /= size;
    graph.node_ptr[v + 1] += graph.node_ptr[v];
  }
  graph.node_pixel.resize(count);
  s.euler.assign(nodes, 0);  // pixels placed so far
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t v = at(s.node_of[i]);
    const NodePixel& p = s.node_pixels[i];
    graph.node_pixel[at(graph.node_ptr[v] + s.euler[v]++)] =
        static_cast<std::int32_t>(p.row * graph.cols + p.col);
  }
  graph.node_degree.assign(nodes, 0);
}

/// Follow every link that leaves a node. `room` bounds the number of points.
void build_segments(SkeletonGraph& graph, TraceScratch& s, index_t room) {
  const BitImage& skeleton = graph.skeleton;
  graph.segment_nodes.clear();
  graph.segment_ends.clear();
  graph.point_ptr.assign(1, 0);
  graph.point_pixel.resize(at(room));
  index_t points = 0;
  const auto count = static_cast<std::int32_t>(s.node_pixels.size());
  for (std::int32_t i = 0; i < count; ++i) {
    for (int d = 0; d < 8; ++d) {
      const NodePixel& from = s.node_pixels[at(i)];
      if (((from.links & ~from.used) >> d & 1) == 0) continue;
      int heading = d;
      std::int32_t r = from.row + kRowStep[at(d)];
      std::int32_t c = from.col + kColStep[at(d)];
      while (!s.nodes.test(r, c)) {
        graph.point_pixel[at(points++)] = static_cast<std::int32_t>(r * graph.cols + c);
        const unsigned back = 1U << static_cast<unsigned>(opposite(heading));
        heading = std::countr_zero(links_at(skeleton, r, c) & ~back);
        r += kRowStep[at(heading)];
        c += kColStep[at(heading)];
      }
      const std::int32_t j = rank(s, r, c);
      const std::int32_t start = s.node_of[at(i)];
      const std::int32_t end = s.node_of[at(j)];
      if (start == end && points == graph.point_ptr.back()) continue;  // a link inside the node
      s.node_pixels[at(j)].used |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(opposite(heading)));
      ++graph.node_degree[at(start)];
      ++graph.node_degree[at(end)];
      graph.segment_nodes.insert(graph.segment_nodes.end(), {start, end});
      graph.segment_ends.insert(graph.segment_ends.end(),
                                {static_cast<std::int32_t>(from.row * graph.cols + from.col),
                                 static_cast<std::int32_t>(r * graph.cols + c)});
      graph.point_ptr.push_back(points);
    }
  }
  graph.point_pixel.resize(at(points));
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
        const index_t first = 64 * k + std::countr_zero(s.unvisited.row(r)[k]);
        s.forced.push_back(r * graph.cols + first);
        index_t row = r;
        index_t col = first;
        int heading = std::countr_zero(links_at(graph.skeleton, r, first));
        do {
          s.unvisited.clear(row, col);
          row += kRowStep[at(heading)];
          col += kColStep[at(heading)];
          const unsigned back = 1U << static_cast<unsigned>(opposite(heading));
          heading = std::countr_zero(links_at(graph.skeleton, row, col) & ~back);
        } while (s.unvisited.test(row, col));
      }
    }
  }
  std::sort(s.forced.begin(), s.forced.end());
}

}  // namespace

void retrace(SkeletonGraph& graph, TraceScratch& s) {
  s.forced = graph.anchors;
  for (;;) {
    const index_t pixels = collect_node_pixels(graph, s);
    group_node_pixels(s);
    build_nodes(graph, s);
    const auto node_pixels = static_cast<index_t>(s.node_pixels.size());
    build_segments(graph, s, pixels - node_pixels);
    if (graph.num_points() + node_pixels == pixels) return;
    force_rings(graph, s);  // at most once: every cycle then has a node
  }
}

}  // namespace vessel

void trace(const BitImage& skeleton, std::span<const index_t> anchors, SkeletonGraph& out,
           TraceScratch& scratch) {
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
  out.rows = skeleton.rows();
  out.cols = skeleton.cols();
  out.skeleton = skeleton;
  out.anchors.assign(anchors.begin(), anchors.end());
  std::erase_if(out.anchors, [&](index_t anchor) {
    return !skeleton.test(anchor / out.cols, anchor % out.cols);
  });
  minimal_pass(out.skeleton, out.anchors);
  vessel::retrace(out, scratch);
}

}  // namespace gftcore
