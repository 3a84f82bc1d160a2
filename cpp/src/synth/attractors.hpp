// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/index.hpp"
#include "gftcore/synth/vec3.hpp"
#include "growing_forest.hpp"
#include "point_grid.hpp"

namespace gftcore::synth {

/// Sinks that attract arteries, or sources that attract veins, each with the growable node of the
/// forest that is nearest to it. Only what changes is searched again. Indices never change.
class Attractors {
 public:
  /// The forest must outlive this.
  explicit Attractors(const GrowingForest& forest);

  /// A new attractor that looks for its node within `reach`.
  void add(Vec3 position, double reach);

  bool any_within(Vec3 p, double reach) const { return grid_.any_within(p, reach); }

  /// Indices, ascending.
  const std::vector<index_t>& alive() const { return alive_; }
  Vec3 position(index_t i) const { return at(i).position; }

  /// The nearest growable node within `reach`, or -1. `reach` must not exceed that of the last
  /// add(), update() or search_again().
  index_t nearest(index_t i, double reach) const {
    const PointGrid::Nearest& found = at(i).nearest;
    return found.squared_distance <= reach * reach ? found.id : -1;
  }

  /// Takes in what the forest's last add() changed.
  void update(double reach);

  /// Looks for every node anew; needed when the reach grows.
  void search_again(double reach);

  /// Removes what lies within `reach` of the nodes that the forest's last add() brought; calls
  /// gone(position) for each, in order.
  template <class Gone>
  void satisfy(double reach, Gone gone) {
    bool any = false;
    for (index_t node = forest_.first_added(); node < forest_.size(); ++node) {
      grid_.any_within(forest_.position(node), reach, [&](const PointGrid::Entry& entry, double) {
        at(entry.id).satisfied = any = true;
        return false;
      });
    }
    if (!any) return;
    std::erase_if(alive_, [&](index_t i) {
      const Attractor& one = at(i);
      if (!one.satisfied) return false;
      grid_.erase(i, one.position);
      gone(one.position);
      return true;
    });
  }

 private:
  struct Attractor {
    Vec3 position;
    PointGrid::Nearest nearest;
    bool satisfied = false;
  };

  Attractor& at(index_t i) { return attractors_[static_cast<std::size_t>(i)]; }
  const Attractor& at(index_t i) const { return attractors_[static_cast<std::size_t>(i)]; }

  const GrowingForest& forest_;
  std::vector<Attractor> attractors_;
  std::vector<index_t> alive_;
  PointGrid grid_;
};

}  // namespace gftcore::synth
