// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/divider.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore::vessel {

/// A segment from a junction to an end. Leaves of one junction sort by (start, direction), where
/// tracing would begin their segments, as they do by segment id.
struct Leaf {
  std::int32_t start;
  unsigned direction;
  std::int32_t first;  // into Junction::pixels: the pixel next to the junction
  std::int32_t last;   // past the tip
};

/// A node of kind junction with its leaves.
struct Junction {
  double row = 0;
  double col = 0;
  std::int32_t degree = 0;
  std::vector<Leaf> leaves;
  std::vector<std::int32_t> pixels;  // of the leaves
};

/// Finds leaves in a minimal skeleton without tracing all of it.
class LeafSearch {
 public:
  /// The skeleton may change between calls of the members. Anchors must lie on it.
  LeafSearch(const BitImage& skeleton, std::span<const index_t> anchors);

  /// A pixel of every junction that has a leaf, perhaps of others, perhaps repeated.
  void seeds_everywhere(std::vector<std::int32_t>& seeds);

  /// A pixel of every junction whose pixels, degree or leaves may differ from before the pixels
  /// `removed` were cleared, perhaps of others, perhaps repeated.
  void seeds_near(std::span<const std::int32_t> removed, std::vector<std::int32_t>& seeds);

  /// Call visit(junction) once for each junction in the seeds' clusters that has a leaf.
  template <class Visit>
  void for_each_junction(std::span<const std::int32_t> seeds, Visit visit) {
    visited_.reset(skeleton_.rows(), skeleton_.cols());
    for (const std::int32_t seed : seeds) {
      const Place place = place_of(seed);
      if (visited_.test(place.row, place.col)) continue;
      collect_cluster(seed);
      split_cluster();
      for (std::size_t first = 0; first < cluster_.size();) {
        const std::size_t last = end_of_node(first);
        if (describe(first, last)) visit(junction_);
        first = last;
      }
    }
  }

 private:
  struct Place {
    std::int32_t row;
    std::int32_t col;
  };
  struct Arrival {
    Place place;
    unsigned heading;
    bool known;  // stopped at a path pixel walked before
  };

  Place place_of(index_t pixel) const;
  std::int32_t pixel_of(Place p) const;
  unsigned pattern(Place p) const;
  bool is_junction(Place p) const;
  bool is_tip(Place p) const;
  template <class Visit>
  Arrival walk(Place from, unsigned heading, Visit visit) const;
  Arrival mark_leaf(Place tip);
  void seed_around(Place p, std::vector<std::int32_t>& seeds);
  Arrival seed_from(Place p, unsigned direction, std::vector<std::int32_t>& seeds);
  void collect_cluster(std::int32_t seed);
  void split_cluster();
  std::int32_t find_node(std::int32_t position);
  std::int32_t position_of(Place p) const;
  std::size_t end_of_node(std::size_t first) const;
  bool describe(std::size_t first_member, std::size_t last_member);

  const BitImage& skeleton_;
  Divider row_of_;
  BitImage anchors_;
  BitImage on_leaf_;                   // all path pixels between a tip and a node, perhaps others
  BitImage visited_;                   // path pixels walked, or junction pixels collected
  std::vector<std::int32_t> cluster_;  // pixels, ascending
  std::vector<std::int32_t> node_of_;  // of each of them: the position of its node's first pixel
  std::vector<std::int32_t> members_;  // positions in the cluster, by node
  Junction junction_;
};

}  // namespace gftcore::vessel
