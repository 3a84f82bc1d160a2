// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gftcore/common/index.hpp"
#include "gftcore/synth/vec3.hpp"

namespace gftcore::synth {

/// Points in buckets over the plane, for queries by distance in space. The slab is so thin that z
/// needs no buckets. Points outside the unit square lie in the buckets of its border, which keeps
/// every lower bound on distances valid. Answers do not depend on the order of the buckets.
class PointGrid {
 public:
  struct Entry {
    Vec3 position;
    index_t id;
  };
  struct Nearest {
    index_t id = -1;  // -1: none
    double squared_distance = std::numeric_limits<double>::infinity();
  };

  explicit PointGrid(index_t side) : side_(side), buckets_(static_cast<std::size_t>(side * side)) {}

  void insert(index_t id, Vec3 position) { bucket_of(position).push_back({position, id}); }

  /// The point must be in the grid.
  void erase(index_t id, Vec3 position) {
    auto& bucket = bucket_of(position);
    const auto it = std::ranges::find(bucket, id, &Entry::id);
    *it = bucket.back();
    bucket.pop_back();
  }

  /// Calls visit(entry, squared distance) for points within `reach` until it returns true; tells
  /// whether it did.
  template <class Visit>
  bool any_within(Vec3 p, double reach, Visit visit) const {
    const double limit = reach * reach;
    const double around = reach * kMargin;
    const index_t row1 = cell(p.x + around);
    const index_t col0 = cell(p.y - around);
    const index_t col1 = cell(p.y + around);
    for (index_t row = cell(p.x - around); row <= row1; ++row) {
      for (index_t col = col0; col <= col1; ++col) {
        for (const Entry& entry : bucket_at(row, col)) {
          const Vec3 gap = entry.position - p;
          const double squared = dot(gap, gap);
          if (squared <= limit && visit(entry, squared)) return true;
        }
      }
    }
    return false;
  }

  bool any_within(Vec3 p, double reach) const {
    return any_within(p, reach, [](const Entry&, double) { return true; });
  }

  /// The nearest point within `reach`; of equally near ones the lowest id.
  Nearest nearest(Vec3 p, double reach) const {
    Nearest best;
    const double limit = reach * reach;
    const index_t row = cell(p.x);
    const index_t col = cell(p.y);
    const double width = 1.0 / static_cast<double>(side_);
    for (index_t ring = 0; ring < side_; ++ring) {
      // What lies in ring n is at least n - 1 buckets away.
      const double bound = static_cast<double>(ring - 1) * width;
      if (ring > 0 && bound * bound > kMargin * std::min(limit, best.squared_distance)) break;
      search_ring(p, row, col, ring, limit, best);
    }
    return best;
  }

 private:
  static constexpr double kMargin = 1 + 1e-9;  // so that rounding hides no point of another bucket

  index_t cell(double coordinate) const {
    const double scaled = coordinate * static_cast<double>(side_);
    if (!(scaled > 0)) return 0;
    if (scaled >= static_cast<double>(side_)) return side_ - 1;
    return static_cast<index_t>(scaled);
  }
  const std::vector<Entry>& bucket_at(index_t row, index_t col) const {
    return buckets_[static_cast<std::size_t>(row * side_ + col)];
  }
  std::vector<Entry>& bucket_of(Vec3 p) {
    return buckets_[static_cast<std::size_t>(cell(p.x) * side_ + cell(p.y))];
  }

  void search_ring(
      Vec3 p, index_t row, index_t col, index_t ring, double limit, Nearest& best) const {
    const index_t row0 = std::max<index_t>(row - ring, 0);
    const index_t row1 = std::min(row + ring, side_ - 1);
    for (index_t r = row0; r <= row1; ++r) {
      const bool whole = r == row - ring || r == row + ring;
      const index_t step = whole || ring == 0 ? 1 : 2 * ring;
      for (index_t c = col - ring; c <= col + ring; c += step) {
        if (c >= 0 && c < side_) search_bucket(bucket_at(r, c), p, limit, best);
      }
    }
  }

  static void search_bucket(const std::vector<Entry>& bucket, Vec3 p, double limit, Nearest& best) {
    for (const Entry& entry : bucket) {
      const Vec3 gap = entry.position - p;
      const double squared = dot(gap, gap);
      if (squared > limit || squared > best.squared_distance) continue;
      if (squared == best.squared_distance && entry.id > best.id) continue;
      best = {entry.id, squared};
    }
  }

  index_t side_;
  std::vector<std::vector<Entry>> buckets_;
};

}  // namespace gftcore::synth
