// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/prune.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <vector>

#include "gftcore/common/checks.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "vessel/retrace.hpp"

namespace gftcore {
namespace {

using Distance = ImageView<const std::int32_t>;

struct Leaf {
  index_t segment;
  index_t junction;
  bool from_tip;  // the stored walk runs from the tip to the junction
  double bulge;
};

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

bool is_kind(const SkeletonGraph& graph, index_t node, NodeKind kind) {
  return graph.node_kind[at(node)] == static_cast<std::uint8_t>(kind);
}

/// Call visit(pixel) along the leaf's points: inner pixels from the junction outwards, then tip.
template <class Visit>
void for_each_point(const SkeletonGraph& graph, const Leaf& leaf, Visit visit) {
  const index_t first = graph.point_ptr[at(leaf.segment)];
  const index_t last = graph.point_ptr[at(leaf.segment) + 1];
  for (index_t i = 0; i < last - first; ++i) {
    visit(graph.point_pixel[at(leaf.from_tip ? last - 1 - i : first + i)]);
  }
  visit(graph.segment_ends[at(2 * leaf.segment + (leaf.from_tip ? 0 : 1))]);
}

double edt(Distance squared_distance, index_t pixel) {
  return std::sqrt(static_cast<double>(squared_distance.data()[pixel]));
}

struct LeafMeasure {
  double length = 0;
  double covered = 0;
  double junction_edt = 0;
  double tip_edt = 0;
  double mean_edt = 0;  // of the points that are not covered; of all if none
};

LeafMeasure measure(const SkeletonGraph& graph, Distance squared_distance, const Leaf& leaf) {
  LeafMeasure m;
  const double j_row = graph.node_rowcol[at(2 * leaf.junction)];
  const double j_col = graph.node_rowcol[at(2 * leaf.junction + 1)];
  const auto nearest = [](double x) { return static_cast<index_t>(std::floor(x + 0.5)); };
  m.junction_edt = edt(squared_distance, nearest(j_row) * graph.cols + nearest(j_col));
  const double radius = std::max(m.junction_edt, 1.0);
  double row = j_row;
  double col = j_col;
  bool outside = false;
  double outer_sum = 0;
  double sum = 0;
  index_t outer = 0;
  index_t count = 0;
  for_each_point(graph, leaf, [&](std::int32_t pixel) {
    const auto r = static_cast<double>(pixel / graph.cols);
    const auto c = static_cast<double>(pixel % graph.cols);
    m.length += std::sqrt((r - row) * (r - row) + (c - col) * (c - col));
    row = r;
    col = c;
    if (!outside) {
      const double reach = std::sqrt((r - j_row) * (r - j_row) + (c - j_col) * (c - j_col));
      outside = reach >= radius;
      m.covered = m.length;
    }
    m.tip_edt = edt(squared_distance, pixel);
    sum += m.tip_edt;
    ++count;
    if (outside) {
      outer_sum += m.tip_edt;
      ++outer;
    }
  });
  m.mean_edt = outside ? outer_sum / static_cast<double>(outer) : sum / static_cast<double>(count);
  return m;
}

/// Leaves that fall below the threshold, in segment order.
void find_candidates(const SkeletonGraph& graph, Distance squared_distance,
                     const PruneOptions& options, std::vector<Leaf>& out) {
  out.clear();
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    const index_t a = graph.segment_nodes[at(2 * s)];
    const index_t b = graph.segment_nodes[at(2 * s + 1)];
    const bool from_tip = is_kind(graph, a, NodeKind::end) && is_kind(graph, b, NodeKind::junction);
    const bool to_tip = is_kind(graph, a, NodeKind::junction) && is_kind(graph, b, NodeKind::end);
    if (!from_tip && !to_tip) continue;
    Leaf leaf{s, from_tip ? b : a, from_tip, 0};
    const LeafMeasure m = measure(graph, squared_distance, leaf);
    leaf.bulge = (m.length - m.covered + m.tip_edt) / std::max(0.5, m.mean_edt);
    const bool falls = options.method == PruneMethod::length ? m.length < m.junction_edt + 3
                                                             : leaf.bulge < options.bulge;
    if (falls) out.push_back(leaf);
  }
}

/// Drop the candidates that their junction spares.
void spare(const SkeletonGraph& graph, std::vector<Leaf>& leaves) {
  std::sort(leaves.begin(), leaves.end(), [](const Leaf& a, const Leaf& b) {
    return std::tuple(a.junction, -a.bulge, a.segment) < std::tuple(b.junction, -b.bulge, b.segment);
  });
  auto kept = leaves.begin();
  for (auto first = leaves.begin(); first != leaves.end();) {
    const auto last = std::find_if(
        first, leaves.end(), [&](const Leaf& leaf) { return leaf.junction != first->junction; });
    const index_t others = graph.node_degree[at(first->junction)] - (last - first);
    const index_t spared = std::min<index_t>(last - first, std::max<index_t>(2 - others, 0));
    kept = std::move(first + spared, last, kept);
    first = last;
  }
  leaves.erase(kept, leaves.end());
}

}  // namespace

void prune(SkeletonGraph& graph, ImageView<const std::int32_t> squared_distance,
           const PruneOptions& options, TraceScratch& scratch) {
  require_same_shape(graph.skeleton, "skeleton", squared_distance, "squared_distance");
  if (options.method == PruneMethod::none) return;
  const bool by_length = options.method == PruneMethod::length;
  const int rounds = by_length ? std::min(options.max_rounds, 2) : options.max_rounds;
  std::vector<Leaf> leaves;
  for (int round = 0; round < rounds; ++round) {
    find_candidates(graph, squared_distance, options, leaves);
    if (!by_length) spare(graph, leaves);
    if (leaves.empty()) return;
    for (const Leaf& leaf : leaves) {
      for_each_point(graph, leaf, [&](std::int32_t pixel) {
        graph.skeleton.clear(pixel / graph.cols, pixel % graph.cols);
      });
    }
    minimal_pass(graph.skeleton, graph.anchors);
    vessel::retrace(graph, scratch);
  }
}

}  // namespace gftcore
