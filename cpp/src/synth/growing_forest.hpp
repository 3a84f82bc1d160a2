// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/index.hpp"
#include "gftcore/synth/vec3.hpp"
#include "point_grid.hpp"

namespace gftcore::synth {

/// A child that a node will get at the end of its forest's turn.
struct Shoot {
  index_t parent;
  Vec3 position;
};

/// Arteries or veins while they grow. Children have higher indices than their parents.
class GrowingForest {
 public:
  GrowingForest();

  /// A root and its child, both of the given radius.
  void add_stump(Vec3 root, Vec3 child, double radius, double kappa);

  /// Adds the shoots in their order with the given radius and exponent of Murray's law, then
  /// restores that law up to the roots. Shoots of one parent stand together. added() and stopped()
  /// describe what this call changed.
  void add(const std::vector<Shoot>& shoots, double radius, double kappa);

  index_t size() const { return static_cast<index_t>(nodes_.size()); }
  Vec3 position(index_t node) const { return at(node).position; }
  double radius(index_t node) const { return at(node).radius; }
  double kappa(index_t node) const { return at(node).kappa; }
  index_t parent(index_t node) const { return at(node).parent; }
  std::int32_t tree(index_t node) const { return at(node).tree; }
  bool is_leaf(index_t node) const { return at(node).first_child < 0; }
  index_t first_child(index_t node) const { return at(node).first_child; }
  /// Roots and nodes with two children do not grow.
  bool can_grow(index_t node) const { return at(node).parent >= 0 && at(node).second_child < 0; }

  /// Nodes that the last add() brought: these and all above.
  index_t first_added() const { return first_added_; }
  /// Nodes whose radius the last add() changed; descending, without those that it brought.
  const std::vector<index_t>& resized() const { return resized_; }

  const PointGrid& all() const { return all_; }
  const PointGrid& growable() const { return growable_; }

 private:
  struct Node {
    Vec3 position;
    index_t parent = -1;
    index_t first_child = -1;
    index_t second_child = -1;
    double radius = 0;
    double kappa = 0;
    std::int32_t tree = 0;
    bool dirty = false;  // a radius below it has changed
  };

  Node& at(index_t node) { return nodes_[static_cast<std::size_t>(node)]; }
  const Node& at(index_t node) const { return nodes_[static_cast<std::size_t>(node)]; }
  void append(Vec3 position, index_t parent, double radius, double kappa);
  void restore_murray();
  double murray_radius(const Node& node) const;

  std::vector<Node> nodes_;
  std::int32_t trees_ = 0;
  index_t first_added_ = 0;
  index_t highest_dirty_ = -1;
  std::vector<index_t> resized_;
  PointGrid all_;
  PointGrid growable_;
};

}  // namespace gftcore::synth
