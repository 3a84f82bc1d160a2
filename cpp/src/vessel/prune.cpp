// SPDX-License-Identifier: Apache-2.0
#include "gftcore/vessel/prune.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <vector>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/divider.hpp"
#include "vessel/leaf_search.hpp"
#include "vessel/links.hpp"
#include "vessel/minimal_near.hpp"
#include "vessel/retrace.hpp"

namespace gftcore {
namespace {

using vessel::at;
using vessel::Junction;
using vessel::Leaf;
using Distance = ImageView<const std::int32_t>;

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

LeafMeasure measure(const Junction& junction,
                    const Leaf& leaf,
                    const Divider& row_of,
                    Distance squared_distance) {
  LeafMeasure m;
  const index_t cols = squared_distance.cols();
  const auto nearest = [](double x) { return static_cast<index_t>(std::floor(x + 0.5)); };
  m.junction_edt = edt(squared_distance, nearest(junction.row) * cols + nearest(junction.col));
  const double radius = std::max(m.junction_edt, 1.0);
  double row = junction.row;
  double col = junction.col;
  bool outside = false;
  double outer_sum = 0;
  double sum = 0;
  std::int32_t outer = 0;
  for (std::int32_t i = leaf.first; i < leaf.last; ++i) {
    const index_t pixel = junction.pixels[at(i)];
    const index_t pixel_row = row_of(pixel);
    const auto r = static_cast<double>(pixel_row);
    const auto c = static_cast<double>(pixel - pixel_row * cols);
    m.length += std::sqrt((r - row) * (r - row) + (c - col) * (c - col));
    row = r;
    col = c;
    if (!outside) {
      const double dr = r - junction.row;
      const double dc = c - junction.col;
      outside = std::sqrt(dr * dr + dc * dc) >= radius;
      m.covered = m.length;
    }
    m.tip_edt = edt(squared_distance, pixel);
    sum += m.tip_edt;
    if (outside) {
      outer_sum += m.tip_edt;
      ++outer;
    }
  }
  m.mean_edt = outside ? outer_sum / outer : sum / (leaf.last - leaf.first);
  return m;
}

struct Candidate {
  double bulge;
  const Leaf* leaf;
};

/// The leaves of a junction that go, by falling bulge.
void choose(const Junction& junction,
            Distance squared_distance,
            const PruneOptions& options,
            std::vector<Candidate>& out) {
  const bool by_length = options.method == PruneMethod::length;
  out.clear();
  for (const std::int32_t pixel : junction.pixels) {
    __builtin_prefetch(squared_distance.data() + pixel);
  }
  const Divider row_of(squared_distance.cols());
  for (const Leaf& leaf : junction.leaves) {
    const LeafMeasure m = measure(junction, leaf, row_of, squared_distance);
    const double bulge = (m.length - m.covered + m.tip_edt) / std::max(0.5, m.mean_edt);
    const bool falls = by_length ? m.length < m.junction_edt + 3 : bulge < options.bulge;
    if (falls) out.push_back({bulge, &leaf});
  }
  if (by_length) return;
  std::sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
    return std::tuple(-a.bulge, a.leaf->start, a.leaf->direction) <
           std::tuple(-b.bulge, b.leaf->start, b.leaf->direction);
  });
  const auto others = junction.degree - std::ssize(out);
  const auto spared = std::min(std::ssize(out), std::max<std::ptrdiff_t>(2 - others, 0));
  out.erase(out.begin(), out.begin() + spared);
}

/// Prune a minimal skeleton. Returns whether a pixel went.
bool prune_skeleton(BitImage& skeleton,
                    std::span<const index_t> anchors,
                    Distance squared_distance,
                    const PruneOptions& options) {
  if (options.method == PruneMethod::none) return false;
  const int most = options.method == PruneMethod::length ? 2 : options.max_rounds;
  vessel::LeafSearch search(skeleton, anchors);
  std::vector<std::int32_t> seeds;
  std::vector<std::int32_t> removed;
  std::vector<Candidate> chosen;
  search.seeds_everywhere(seeds);
  bool any = false;
  for (int round = 0; round < std::min(most, options.max_rounds); ++round) {
    removed.clear();
    search.for_each_junction(seeds, [&](const Junction& junction) {
      choose(junction, squared_distance, options, chosen);
      for (const Candidate& c : chosen) {
        removed.insert(removed.end(),
                       junction.pixels.begin() + c.leaf->first,
                       junction.pixels.begin() + c.leaf->last);
      }
    });
    if (removed.empty()) return any;
    any = true;
    for (const std::int32_t pixel : removed) {
      skeleton.clear(pixel / skeleton.cols(), pixel % skeleton.cols());
    }
    vessel::minimal_pass_near(removed, anchors, skeleton);
    search.seeds_near(removed, seeds);
  }
  return any;
}

}  // namespace

void prune(SkeletonGraph& graph,
           ImageView<const std::int32_t> squared_distance,
           const PruneOptions& options,
           TraceScratch& scratch) {
  require_same_shape(graph.skeleton, "skeleton", squared_distance, "squared_distance");
  if (prune_skeleton(graph.skeleton, graph.anchors, squared_distance, options)) {
    vessel::retrace(graph, scratch);
  }
}

void trace_pruned(const BitImage& skeleton,
                  std::span<const index_t> anchors,
                  ImageView<const std::int32_t> squared_distance,
                  const PruneOptions& options,
                  SkeletonGraph& out,
                  TraceScratch& scratch) {
  require_same_shape(skeleton, "skeleton", squared_distance, "squared_distance");
  vessel::take_skeleton(skeleton, anchors, out);
  prune_skeleton(out.skeleton, out.anchors, squared_distance, options);
  vessel::retrace(out, scratch);
}

}  // namespace gftcore
