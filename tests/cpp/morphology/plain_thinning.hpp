// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

// The definitions of thinning, pixel by pixel: what the kernels must equal.
namespace gftcore::plain {

/// P2..P9 at [2]..[9]: N and then clockwise; [10] repeats P2.
using Ring = std::array<int, 11>;

inline Ring ring(const BitImage& image, index_t r, index_t c) {
  const auto on = [&](index_t dr, index_t dc) { return image.test(r + dr, c + dc) ? 1 : 0; };
  const int n = on(-1, 0);
  return {0, 0, n, on(-1, 1), on(0, 1), on(1, 1), on(1, 0), on(1, -1), on(0, -1), on(-1, -1), n};
}

inline int crossings(const Ring& p) {
  int count = 0;
  for (std::size_t k = 2; k <= 8; k += 2) count += p[k] == 0 && (p[k + 1] | p[k + 2]) != 0 ? 1 : 0;
  return count;
}

inline bool redundant(const Ring& p) {
  int neighbours = 0;
  for (std::size_t k = 2; k <= 9; ++k) neighbours += p[k];
  return neighbours >= 2 && crossings(p) == 1;
}

inline bool guo_hall(const Ring& p, bool second) {
  const int n1 = (p[9] | p[2]) + (p[3] | p[4]) + (p[5] | p[6]) + (p[7] | p[8]);
  const int n2 = (p[2] | p[3]) + (p[4] | p[5]) + (p[6] | p[7]) + (p[8] | p[9]);
  const int least = std::min(n1, n2);
  const int kept = second ? (p[2] | p[3] | (1 - p[5])) & p[4] : (p[6] | p[7] | (1 - p[9])) & p[8];
  return crossings(p) == 1 && least >= 2 && least <= 3 && kept == 0;
}

inline bool zhang_suen(const Ring& p, bool second) {
  int steps = 0;
  int neighbours = 0;
  for (std::size_t k = 2; k <= 9; ++k) {
    steps += p[k] < p[k + 1] ? 1 : 0;
    neighbours += p[k];
  }
  const int kept = second ? (p[2] & p[8] & (p[4] | p[6])) : (p[4] & p[6] & (p[2] | p[8]));
  return steps == 1 && neighbours >= 2 && neighbours <= 6 && kept == 0;
}

/// Two alternating passes, each on the state before it, until both delete nothing.
template <class Rule>
BitImage parallel(BitImage image, const BitImage& frozen, Rule deletes) {
  for (int idle = 0, pass = 0; idle < 2; pass = 1 - pass) {
    const BitImage before = image;
    for (index_t r = 0; r < image.rows(); ++r) {
      for_each_one(before, r, [&](index_t c) {
        if (!frozen.test(r, c) && deletes(ring(before, r, c), pass == 1)) image.clear(r, c);
      });
    }
    idle = image == before ? idle + 1 : 0;
  }
  return image;
}

/// Whole sweeps in the order given, until one deletes nothing.
inline BitImage sequential(BitImage image,
                           const std::vector<index_t>& order,
                           std::span<const index_t> anchors) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const index_t pixel : order) {
      const index_t r = pixel / image.cols();
      const index_t c = pixel % image.cols();
      if (!image.test(r, c) || !redundant(ring(image, r, c))) continue;
      if (std::ranges::find(anchors, pixel) != anchors.end()) continue;
      image.clear(r, c);
      changed = true;
    }
  }
  return image;
}

inline std::vector<index_t> raster_order(const BitImage& image) {
  std::vector<index_t> order;
  for (index_t r = 0; r < image.rows(); ++r) {
    for_each_one(image, r, [&](index_t c) { order.push_back(r * image.cols() + c); });
  }
  return order;
}

}  // namespace gftcore::plain
