// SPDX-License-Identifier: Apache-2.0
#include "vessel/node_pixels.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

#include "gftcore/common/resize_exactly.hpp"

namespace gftcore::vessel {
namespace {

using NodePixel = TraceScratch::NodePixel;

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

unsigned junctions_near(const TraceScratch& s, const NodePixel& p) {
  return pattern_at(s.junctions, p.row, p.col);
}

/// Make every cluster with a hole one node per group of 2 x 2 blocks that share pixels.
void split_clusters_with_holes(TraceScratch& s) {
  const auto count = static_cast<std::int32_t>(s.node_pixels.size());
  const auto has_hole = [&](std::int32_t i) {
    return s.node_pixels[at(i)].junction && s.euler[at(i)] != 1;
  };
  for (std::int32_t i = 0; i < count; ++i) {
    s.euler[at(i)] = s.euler[at(s.root[at(i)])];  // roots come first and keep their own
    if (has_hole(i)) s.root[at(i)] = i;
  }
  for (std::int32_t i = 0; i < count; ++i) {
    if (!has_hole(i)) continue;
    const NodePixel& p = s.node_pixels[at(i)];
    if (!begins_block(junctions_near(s, p))) continue;
    const std::int32_t below = rank(s, p.row + 1, p.col);
    unite(s.root, i, i + 1);
    unite(s.root, i, below);
    unite(s.root, i, below + 1);
  }
  for (std::int32_t i = 0; i < count; ++i) s.root[at(i)] = find(s.root, i);
}

void join_touching_junctions(TraceScratch& s) {
  const auto count = static_cast<std::int32_t>(s.node_pixels.size());
  for (std::int32_t i = 0; i < count; ++i) {
    s.root[at(i)] = i;
    const NodePixel& p = s.node_pixels[at(i)];
    if (!p.junction) continue;
    const unsigned near = junctions_near(s, p);
    s.euler[at(i)] = euler_share(near);
    if ((near & 8U) != 0) unite(s.root, i, i - 1);
    for (std::int32_t j = 0; j < 3; ++j) {
      if ((near >> j & 1U) != 0) unite(s.root, i, rank(s, p.row - 1, p.col - 1 + j));
    }
  }
}

}  // namespace

void classify_row(const std::uint64_t* row,
                  index_t stride,
                  index_t words,
                  std::uint64_t* __restrict nodes,
                  std::uint64_t* __restrict junctions) {
  const std::uint64_t* above = row - stride;
  const std::uint64_t* below = row + stride;
  const auto west = [](const std::uint64_t* p, index_t k) { return p[k] << 1 | p[k - 1] >> 63; };
  const auto east = [](const std::uint64_t* p, index_t k) { return p[k] >> 1 | p[k + 1] << 63; };
  for (index_t k = 0; k < words; ++k) {
    const std::uint64_t n = above[k];
    const std::uint64_t s = below[k];
    const std::uint64_t w = west(row, k);
    const std::uint64_t e = east(row, k);
    const std::uint64_t ne = east(above, k) & ~(n | e);
    const std::uint64_t se = east(below, k) & ~(s | e);
    const std::uint64_t sw = west(below, k) & ~(s | w);
    const std::uint64_t nw = west(above, k) & ~(n | w);
    // Two bits count the links of each pair, then saturating sums: at least 1, 2, 3 links.
    const std::uint64_t a1 = n | e, a2 = n & e, b1 = s | w, b2 = s & w;
    const std::uint64_t c1 = ne | se, c2 = ne & se, d1 = sw | nw, d2 = sw & nw;
    const std::uint64_t p1 = a1 | b1, p2 = a2 | b2 | (a1 & b1), p3 = (a2 & b1) | (a1 & b2);
    const std::uint64_t q1 = c1 | d1, q2 = c2 | d2 | (c1 & d1), q3 = (c2 & d1) | (c1 & d2);
    const std::uint64_t at_least_2 = p2 | q2 | (p1 & q1);
    const std::uint64_t at_least_3 = p3 | q3 | (p2 & q1) | (p1 & q2);
    nodes[k] = row[k] & (~at_least_2 | at_least_3);
    junctions[k] = row[k] & at_least_3;
  }
}

index_t collect_node_pixels(const BitImage& skeleton,
                            std::span<const index_t> forced,
                            std::span<const index_t> anchors,
                            TraceScratch& s) {
  const index_t rows = skeleton.rows();
  const index_t cols = skeleton.cols();
  const index_t words = skeleton.used_words();
  // All words of both are written below, so an image of this shape needs no reset.
  for (BitImage* const image : {&s.nodes, &s.junctions}) {
    if (image->rows() != rows || image->cols() != cols) image->reset(rows, cols);
  }
  s.node_pixels.clear();
  s.rank_base.resize(at(rows * skeleton.stride()));
  auto next_forced = forced.begin();
  auto next_anchor = anchors.begin();
  index_t path_pixels = 0;
  for (index_t r = 0; r < rows; ++r) {
    const std::uint64_t* row = skeleton.row(r);
    std::uint64_t* nodes = s.nodes.row(r);
    const std::uint64_t* junctions = s.junctions.row(r);
    classify_row(row, skeleton.stride(), words, nodes, s.junctions.row(r));
    for (; next_forced != forced.end() && *next_forced < (r + 1) * cols; ++next_forced) {
      s.nodes.set(r, *next_forced - r * cols);
    }
    for (index_t k = 0; k < words; ++k) {
      s.rank_base[at(r * skeleton.stride() + k)] = static_cast<std::int32_t>(s.node_pixels.size());
      path_pixels += count_ones(row[k] & ~nodes[k]);
      for (std::uint64_t rest = nodes[k]; rest != 0; rest &= rest - 1) {
        const int bit = std::countr_zero(rest);
        const index_t c = 64 * k + bit;
        const bool is_anchor = next_anchor != anchors.end() && *next_anchor == r * cols + c;
        if (is_anchor) ++next_anchor;
        s.node_pixels.push_back({static_cast<std::int32_t>(r),
                                 static_cast<std::int32_t>(c),
                                 kLinkTable[pattern_at(row, skeleton.stride(), c)],
                                 0,
                                 is_anchor,
                                 (junctions[k] >> bit & 1U) != 0});
      }
    }
  }
  return path_pixels;
}

index_t group_node_pixels(TraceScratch& s) {
  const auto count = static_cast<std::int32_t>(s.node_pixels.size());
  resize_exactly(s.root, count);
  s.euler.assign(at(count), 1);
  join_touching_junctions(s);
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t first = find(s.root, i);
    s.root[at(i)] = first;
    if (first != i) s.euler[at(first)] += s.euler[at(i)];
  }
  bool any_hole = false;
  for (std::int32_t i = 0; i < count; ++i) any_hole |= s.root[at(i)] == i && s.euler[at(i)] != 1;
  if (any_hole) split_clusters_with_holes(s);
  resize_exactly(s.node_of, count);
  std::int32_t nodes = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    s.node_of[at(i)] = s.root[at(i)] == i ? nodes++ : s.node_of[at(s.root[at(i)])];
  }
  return nodes;
}

}  // namespace gftcore::vessel
