// SPDX-License-Identifier: Apache-2.0
// Tracing, pruning and merging, against their definitions and the Euler identities.
#include "gftcore/vessel/trace.hpp"

#include <algorithm>
#include <vector>

#include "../naive/faces.hpp"
#include "../naive/merge.hpp"
#include "../naive/prune.hpp"
#include "../naive/trace.hpp"
#include "check.hpp"
#include "gftcore/vessel/merge_junctions.hpp"
#include "gftcore/vessel/prune.hpp"
#include "graphs.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

constexpr double kBulges[] = {0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 20.0, -1.0};

constexpr double kMergeLimits[] = {0.0, 2.5, 3.0, 12.0};

struct Topology {
  label_t components = 0;
  label_t holes = 0;
  label_t faces = 0;
};

Topology topology_of(const SkeletonGraph& graph) {
  const naive::Mask skeleton = naive::mask_of(graph.skeleton);
  Topology out;
  out.components = naive::count_components(skeleton, true);
  out.holes = naive::count_holes(skeleton);
  naive::faces(skeleton, graph.anchors, out.faces);
  return out;
}

void check_euler(const SkeletonGraph& graph, const Topology& topology, bool frame_anchors) {
  // An anchor elsewhere may keep a 2 x 2 block, whose links close around no hole.
  if (!frame_anchors) return;
  const index_t v = graph.num_nodes();
  const index_t s = graph.num_segments();
  same(s - v + topology.components, index_t{topology.holes}, "S - V + C is the number of holes");
  label_t count = 0;
  const naive::Labels label = naive::components(naive::mask_of(graph.skeleton), true, count);
  std::vector<label_t> anchored;
  for (const index_t anchor : graph.anchors) {
    anchored.push_back(label.values[static_cast<std::size_t>(anchor)]);
  }
  const auto anchors = static_cast<index_t>(anchored.size());
  std::ranges::sort(anchored);
  anchored.erase(std::unique(anchored.begin(), anchored.end()), anchored.end());
  same(v - s + topology.faces,
       1 + topology.components + anchors - static_cast<index_t>(anchored.size()),
       "V - S + F");
}

/// Each skeleton pixel is in one node or one segment.
void check_partition(const SkeletonGraph& graph) {
  BitImage seen(graph.rows, graph.cols);
  for (const auto* pixels : {&graph.node_pixel, &graph.point_pixel}) {
    for (const std::int32_t pixel : *pixels) {
      const index_t r = pixel / graph.cols;
      const index_t c = pixel % graph.cols;
      expect(!seen.test(r, c), "a pixel is in one node or one segment");
      seen.set(r, c);
    }
  }
  same(seen, graph.skeleton, "nodes and segments cover the skeleton");
}

PruneOptions choose_options(const Scene& scene) {
  PruneOptions options;
  options.method = static_cast<PruneMethod>(scene.option(3) % 8 == 7   ? 2
                                            : scene.option(3) % 8 == 6 ? 1
                                                                       : 0);
  options.bulge = kBulges[scene.option(4) % 8U];
  if (scene.option(5) % 4 == 0) options.max_rounds = scene.option(5) / 4 % 4;
  return options;
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static SkeletonScene made;
  static TraceScratch scratch;
  static SkeletonGraph graph;
  static SkeletonGraph at_once;
  Bytes bytes(data);
  scene.read(bytes, {.area = 700});
  made.make(scene, bytes);

  SkeletonGraph want = naive::trace(made.skeleton, made.anchors);
  trace(made.skeleton, made.anchors, graph, scratch);
  plant_graph("trace", graph);
  same_graph(graph, want, "trace");
  expect_clean_guards(graph.skeleton, "guards after tracing");
  check_partition(graph);
  const Topology before = topology_of(graph);
  check_euler(graph, before, made.frame_anchors);

  const PruneOptions options = choose_options(scene);
  want = naive::prune(std::move(want), made.distance, options);
  prune(graph, made.view(), options, scratch);
  plant_graph("prune", graph);
  same_graph(graph, want, "prune");
  expect_clean_guards(graph.skeleton, "guards after pruning");
  trace_pruned(made.skeleton, made.anchors, made.view(), options, at_once, scratch);
  plant_graph("trace_pruned", at_once);
  same_graph(at_once, want, "trace_pruned");

  const Topology after = topology_of(graph);
  check_euler(graph, after, made.frame_anchors);
  const double merge_px = kMergeLimits[scene.option(6) % 4U];
  want = naive::merge(want, made.distance, merge_px);
  merge_junctions(made.view(), merge_px, graph);
  plant_graph("merge_junctions", graph);
  same_graph(graph, want, "merge_junctions");
  check_partition(graph);
  check_euler(graph, after, made.frame_anchors);
  if (options.method == PruneMethod::length) return;
  same(after.components, before.components, "pruning keeps components");
  same(after.holes, before.holes, "pruning keeps holes");
  same(after.faces, before.faces, "pruning keeps faces");
}

}  // namespace gftcore::fuzz
