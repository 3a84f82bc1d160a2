// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/vessel/trace.hpp"
#include "vessel/links.hpp"

namespace gftcore::vessel {

/// Pixels of a row that have other than two links, and those with more than two.
void classify_row(const std::uint64_t* row,
                  index_t stride,
                  index_t words,
                  std::uint64_t* __restrict nodes,
                  std::uint64_t* __restrict junctions);

/// Find and number the node pixels of a minimal skeleton: `forced` ones (ascending) and those
/// without exactly two links. Fills nodes, junctions, rank_base and node_pixels; `anchors` are
/// among the forced. Returns the number of skeleton pixels that belong to no node.
index_t collect_node_pixels(const BitImage& skeleton,
                            std::span<const index_t> forced,
                            std::span<const index_t> anchors,
                            TraceScratch& scratch);

/// Join node pixels to nodes: fills root, the lowest rank of each pixel's node, and node_of.
/// Returns the number of nodes.
index_t group_node_pixels(TraceScratch& scratch);

/// Position of a node pixel among all node pixels in raster order. `word` is
/// row * stride + col / 64.
inline std::int32_t rank_at(const TraceScratch& s, index_t word, index_t col) {
  const std::uint64_t before = s.nodes.row(0)[word] & ((std::uint64_t{1} << (col & 63)) - 1);
  return s.rank_base[at(word)] + count_ones(before);
}
inline std::int32_t rank(const TraceScratch& s, index_t r, index_t c) {
  return rank_at(s, r * s.nodes.stride() + (c >> 6), c);
}

/// Follows path pixels from node pixel to node pixel.
class Walker {
 public:
  Walker(const BitImage& skeleton, const TraceScratch& scratch)
      : scratch_(scratch),
        skeleton_(skeleton.row(0)),
        nodes_(scratch.nodes.row(0)),
        stride_(skeleton.stride()),
        cols_(skeleton.cols()) {
    for (std::size_t d = 0; d < 8; ++d) {
      steps_[d] = {kRowStep[d] * stride_, kColStep[d], kRowStep[d] * cols_ + kColStep[d]};
    }
  }

  struct Arrival {
    std::int32_t rank;
    std::int32_t pixel;
    unsigned heading;  // of the last link
  };

  /// Leave node pixel (row, col) in direction `heading`; visit(pixel) sees the path pixels in
  /// order.
  template <class Visit>
  Arrival walk(index_t row, index_t col, unsigned heading, Visit visit) const {
    const Step& first = steps_[heading];
    index_t word = row * stride_ + first.word;
    index_t c = col + first.col;
    index_t pixel = row * cols_ + col + first.pixel;
    while ((nodes_[word + (c >> 6)] >> (c & 63) & 1U) == 0) {
      visit(static_cast<std::int32_t>(pixel));
      heading = kNextTable[8 * pattern_at(skeleton_ + word, stride_, c) + heading];
      const Step& step = steps_[heading];
      word += step.word;
      c += step.col;
      pixel += step.pixel;
    }
    return {rank_at(scratch_, word + (c >> 6), c), static_cast<std::int32_t>(pixel), heading};
  }

 private:
  struct Step {
    index_t word;
    index_t col;
    index_t pixel;
  };
  const TraceScratch& scratch_;
  const std::uint64_t* skeleton_;
  const std::uint64_t* nodes_;
  index_t stride_;
  index_t cols_;
  std::array<Step, 8> steps_{};
};

}  // namespace gftcore::vessel
