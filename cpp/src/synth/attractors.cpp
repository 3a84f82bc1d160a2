// SPDX-License-Identifier: Apache-2.0
#include "attractors.hpp"

namespace gftcore::synth {
namespace {

constexpr index_t kBuckets = 96;

}  // namespace

Attractors::Attractors(const GrowingForest& forest) : forest_(forest), grid_(kBuckets) {}

void Attractors::add(Vec3 position, double reach) {
  const auto i = static_cast<index_t>(attractors_.size());
  attractors_.push_back({position, forest_.growable().nearest(position, reach)});
  alive_.push_back(i);
  grid_.insert(i, position);
}

void Attractors::update(double reach) {
  for (const index_t i : alive_) {
    Attractor& one = at(i);
    if (one.nearest.id >= 0 && !forest_.can_grow(one.nearest.id)) {
      one.nearest = forest_.growable().nearest(one.position, reach);
    }
  }
  // New nodes have higher indices than all others, so an equally near one changes nothing.
  for (index_t node = forest_.first_added(); node < forest_.size(); ++node) {
    grid_.any_within(
        forest_.position(node), reach, [&](const PointGrid::Entry& entry, double squared) {
          PointGrid::Nearest& nearest = at(entry.id).nearest;
          if (squared < nearest.squared_distance) nearest = {node, squared};
          return false;
        });
  }
}

void Attractors::search_again(double reach) {
  for (const index_t i : alive_) {
    at(i).nearest = forest_.growable().nearest(at(i).position, reach);
  }
}

}  // namespace gftcore::synth
