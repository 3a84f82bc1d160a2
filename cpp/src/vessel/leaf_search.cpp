// SPDX-License-Identifier: Apache-2.0
#include "vessel/leaf_search.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <numeric>

#include "vessel/links.hpp"
#include "vessel/node_pixels.hpp"

namespace gftcore::vessel {

LeafSearch::LeafSearch(const BitImage& skeleton, std::span<const index_t> anchors)
    : skeleton_(skeleton),
      row_of_(skeleton.cols()),
      anchors_(skeleton.rows(), skeleton.cols()),
      on_leaf_(skeleton.rows(), skeleton.cols()),
      visited_(skeleton.rows(), skeleton.cols()) {
  for (const index_t anchor : anchors) {
    anchors_.set(anchor / skeleton.cols(), anchor % skeleton.cols());
  }
}

LeafSearch::Place LeafSearch::place_of(index_t pixel) const {
  const index_t row = row_of_(pixel);
  return {static_cast<std::int32_t>(row),
          static_cast<std::int32_t>(pixel - row * skeleton_.cols())};
}

std::int32_t LeafSearch::pixel_of(Place p) const {
  return static_cast<std::int32_t>(p.row * skeleton_.cols() + p.col);
}

unsigned LeafSearch::pattern(Place p) const { return pattern_at(skeleton_, p.row, p.col); }

bool LeafSearch::is_junction(Place p) const {
  return skeleton_.test(p.row, p.col) && kLinkCountTable[pattern(p)] > 2;
}

bool LeafSearch::is_tip(Place p) const {
  return skeleton_.test(p.row, p.col) && kLinkCountTable[pattern(p)] == 1 &&
         !anchors_.test(p.row, p.col);
}

/// Leave `from` in direction `heading`. visit(place) sees the path pixels in order and returns
/// whether to go on.
template <class Visit>
LeafSearch::Arrival LeafSearch::walk(Place from, unsigned heading, Visit visit) const {
  Place p{from.row + kRowStep[heading], from.col + kColStep[heading]};
  for (;;) {
    const unsigned around = pattern(p);
    if (kLinkCountTable[around] != 2 || anchors_.test(p.row, p.col)) return {p, heading, false};
    if (!visit(p)) return {p, heading, true};
    heading = kNextTable[8 * around + heading];
    p = {p.row + kRowStep[heading], p.col + kColStep[heading]};
  }
}

/// Walk from a tip to the next node and remember the way.
LeafSearch::Arrival LeafSearch::mark_leaf(Place tip) {
  const auto direction = static_cast<unsigned>(std::countr_zero(kLinkTable[pattern(tip)]));
  return walk(tip, direction, [this](Place p) {
    on_leaf_.set(p.row, p.col);
    return true;
  });
}

void LeafSearch::seeds_everywhere(std::vector<std::int32_t>& seeds) {
  seeds.clear();
  const index_t words = skeleton_.used_words();
  std::vector<std::uint64_t> nodes(at(words));
  std::vector<std::uint64_t> junctions(at(words));
  for (std::int32_t r = 0; r < skeleton_.rows(); ++r) {
    classify_row(skeleton_.row(r), skeleton_.stride(), words, nodes.data(), junctions.data());
    for (index_t k = 0; k < words; ++k) {
      for (std::uint64_t rest = nodes[at(k)] & ~junctions[at(k)]; rest != 0; rest &= rest - 1) {
        const Place p{r, static_cast<std::int32_t>(64 * k + std::countr_zero(rest))};
        if (!is_tip(p)) continue;
        const Arrival arrival = mark_leaf(p);
        if (is_junction(arrival.place)) seeds.push_back(pixel_of(arrival.place));
      }
    }
  }
}

LeafSearch::Arrival LeafSearch::seed_from(Place p,
                                          unsigned direction,
                                          std::vector<std::int32_t>& seeds) {
  const Arrival arrival = walk(p, direction, [&](Place q) {
    const bool fresh = !visited_.test(q.row, q.col);
    visited_.set(q.row, q.col);
    return fresh;
  });
  if (!arrival.known && is_junction(arrival.place)) seeds.push_back(pixel_of(arrival.place));
  return arrival;
}

/// Seeds of the junctions that a pixel is in or leads to along one segment.
void LeafSearch::seed_around(Place p, std::vector<std::int32_t>& seeds) {
  if (!skeleton_.test(p.row, p.col) || visited_.test(p.row, p.col)) return;
  visited_.set(p.row, p.col);
  if (is_junction(p)) {
    seeds.push_back(pixel_of(p));
    return;
  }
  if (is_tip(p)) mark_leaf(p);
  for (unsigned links = kLinkTable[pattern(p)]; links != 0; links &= links - 1) {
    const Arrival arrival = seed_from(p, static_cast<unsigned>(std::countr_zero(links)), seeds);
    // Where a junction has turned into a path, that of a leaf has grown.
    if (!arrival.known && is_tip(arrival.place)) mark_leaf(arrival.place);
  }
}

void LeafSearch::seeds_near(std::span<const std::int32_t> removed,
                            std::vector<std::int32_t>& seeds) {
  // Links change next to a removed pixel only. Two pixels away, a junction pixel may have lost a
  // neighbour that was in its cluster.
  constexpr std::int32_t kReach = 2;
  seeds.clear();
  visited_.reset(skeleton_.rows(), skeleton_.cols());
  for (const std::int32_t pixel : removed) {
    const Place centre = place_of(pixel);
    for (std::int32_t r = centre.row - kReach; r <= centre.row + kReach; ++r) {
      for (std::int32_t c = centre.col - kReach; c <= centre.col + kReach; ++c) {
        if (r < 0 || c < 0 || r >= skeleton_.rows() || c >= skeleton_.cols()) continue;
        seed_around({r, c}, seeds);
      }
    }
  }
}

void LeafSearch::collect_cluster(std::int32_t seed) {
  cluster_.assign(1, seed);
  const Place first = place_of(seed);
  visited_.set(first.row, first.col);
  for (std::size_t i = 0; i < cluster_.size(); ++i) {
    const Place p = place_of(cluster_[i]);
    for (std::size_t d = 0; d < 8; ++d) {
      const Place q{p.row + kRowStep[d], p.col + kColStep[d]};
      if (!is_junction(q) || visited_.test(q.row, q.col)) continue;
      visited_.set(q.row, q.col);
      cluster_.push_back(pixel_of(q));
    }
  }
  std::sort(cluster_.begin(), cluster_.end());
}

std::int32_t LeafSearch::position_of(Place p) const {
  const auto found = std::lower_bound(cluster_.begin(), cluster_.end(), pixel_of(p));
  return static_cast<std::int32_t>(found - cluster_.begin());
}

std::int32_t LeafSearch::find_node(std::int32_t position) {
  while (node_of_[at(position)] != position) {
    node_of_[at(position)] = node_of_[at(node_of_[at(position)])];
    position = node_of_[at(position)];
  }
  return position;
}

/// Divide the collected cluster into nodes as tracing does.
void LeafSearch::split_cluster() {
  std::int32_t euler = 0;
  for (const std::int32_t pixel : cluster_) {
    const Place p = place_of(pixel);
    euler += euler_share(pattern_at(visited_, p.row, p.col));
  }
  members_.resize(cluster_.size());
  std::iota(members_.begin(), members_.end(), 0);
  node_of_.assign(cluster_.size(), 0);
  if (euler == 1) return;
  node_of_ = members_;
  const auto unite = [&](std::int32_t i, std::int32_t j) {
    i = find_node(i);
    j = find_node(j);
    node_of_[at(std::max(i, j))] = std::min(i, j);
  };
  for (const std::int32_t i : members_) {
    const Place p = place_of(cluster_[at(i)]);
    if (!begins_block(pattern_at(visited_, p.row, p.col))) continue;
    const std::int32_t below = position_of({p.row + 1, p.col});
    unite(i, i + 1);
    unite(i, below);
    unite(i, below + 1);
  }
  for (const std::int32_t i : members_) node_of_[at(i)] = find_node(i);
  std::stable_sort(members_.begin(), members_.end(), [&](std::int32_t i, std::int32_t j) {
    return node_of_[at(i)] < node_of_[at(j)];
  });
}

/// Past the last member of the node of members_[first].
std::size_t LeafSearch::end_of_node(std::size_t first) const {
  const auto node = [&](std::size_t i) { return node_of_[at(members_[i])]; };
  std::size_t last = first + 1;
  while (last < members_.size() && node(last) == node(first)) ++last;
  return last;
}

/// Fill junction_ with the node of these members. Returns whether it is a junction with a leaf.
bool LeafSearch::describe(std::size_t first_member, std::size_t last_member) {
  Junction& j = junction_;
  j.degree = 0;
  j.leaves.clear();
  j.pixels.clear();
  std::int64_t row_sum = 0;
  std::int64_t col_sum = 0;
  const std::int32_t node = node_of_[at(members_[first_member])];
  for (std::size_t i = first_member; i < last_member; ++i) {
    const std::int32_t pixel = cluster_[at(members_[i])];
    const Place p = place_of(pixel);
    if (anchors_.test(p.row, p.col)) return false;
    row_sum += p.row;
    col_sum += p.col;
    for (unsigned links = kLinkTable[pattern(p)]; links != 0; links &= links - 1) {
      const auto d = static_cast<unsigned>(std::countr_zero(links));
      const Place q{p.row + kRowStep[d], p.col + kColStep[d]};
      if (is_junction(q) && node_of_[at(position_of(q))] == node) continue;
      ++j.degree;
      const bool on_path = kLinkCountTable[pattern(q)] == 2 && !anchors_.test(q.row, q.col);
      if (on_path && !on_leaf_.test(q.row, q.col)) continue;
      const auto first = static_cast<std::int32_t>(j.pixels.size());
      const Arrival arrival = walk(p, d, [&](Place on_leaf) {
        j.pixels.push_back(pixel_of(on_leaf));
        return true;
      });
      if (!is_tip(arrival.place)) {
        j.pixels.resize(static_cast<std::size_t>(first));
        continue;
      }
      const std::int32_t tip = pixel_of(arrival.place);
      j.pixels.push_back(tip);
      const bool from_tip = tip < pixel;
      j.leaves.push_back({from_tip ? tip : pixel,
                          from_tip ? opposite(arrival.heading) : d,
                          first,
                          static_cast<std::int32_t>(j.pixels.size())});
    }
  }
  const auto size = static_cast<double>(last_member - first_member);
  j.row = static_cast<double>(row_sum) / size;
  j.col = static_cast<double>(col_sum) / size;
  return !j.leaves.empty();
}

}  // namespace gftcore::vessel
