// SPDX-License-Identifier: Apache-2.0
#include "growing_forest.hpp"

#include "gftcore/synth/portable_math.hpp"

namespace gftcore::synth {
namespace {

// Buckets of about 0.01: the reach of most queries, with a node or two in each at the end.
constexpr index_t kBuckets = 96;

}  // namespace

GrowingForest::GrowingForest() : all_(kBuckets), growable_(kBuckets) {}

void GrowingForest::add_stump(Vec3 root, Vec3 child, double radius, double kappa) {
  append(root, -1, radius, kappa);
  append(child, size() - 1, radius, kappa);
  ++trees_;
}

void GrowingForest::append(Vec3 position, index_t parent, double radius, double kappa) {
  const index_t node = size();
  Node grown{.position = position, .parent = parent, .radius = radius, .kappa = kappa};
  grown.tree = parent < 0 ? trees_ : at(parent).tree;
  nodes_.push_back(grown);
  all_.insert(node, position);
  if (parent < 0) return;
  growable_.insert(node, position);
  Node& above = at(parent);
  if (above.first_child < 0) {
    above.first_child = node;
    return;
  }
  above.second_child = node;
  above.dirty = true;
  highest_dirty_ = std::max(highest_dirty_, parent);
  growable_.erase(parent, above.position);
}

void GrowingForest::add(const std::vector<Shoot>& shoots, double radius, double kappa) {
  first_added_ = size();
  for (const Shoot& shoot : shoots) append(shoot.position, shoot.parent, radius, kappa);
  restore_murray();
}

/// Children come after their parents, so one descending pass meets every change in time.
void GrowingForest::restore_murray() {
  resized_.clear();
  for (index_t i = highest_dirty_; i >= 0; --i) {
    Node& node = at(i);
    if (!node.dirty) continue;
    node.dirty = false;
    const double radius = murray_radius(node);
    if (radius == node.radius) continue;
    node.radius = radius;
    resized_.push_back(i);
    if (node.parent >= 0) at(node.parent).dirty = true;
  }
  highest_dirty_ = -1;
}

double GrowingForest::murray_radius(const Node& node) const {
  const double first = at(node.first_child).radius;
  if (node.second_child < 0) return first;
  const double second = at(node.second_child).radius;
  const double sum = portable::power(first, node.kappa) + portable::power(second, node.kappa);
  return portable::power(sum, 1 / node.kappa);
}

}  // namespace gftcore::synth
