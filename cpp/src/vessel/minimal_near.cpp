// SPDX-License-Identifier: Apache-2.0
#include "vessel/minimal_near.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "morphology/simple_point.hpp"
#include "vessel/links.hpp"

namespace gftcore::vessel {
namespace {

using Pixels = std::vector<index_t>;
using Heap = std::priority_queue<index_t, Pixels, std::greater<>>;

template <class Visit>
void for_each_neighbour(const BitImage& image, index_t pixel, Visit visit) {
  const index_t r = pixel / image.cols();
  const index_t c = pixel % image.cols();
  for (std::size_t d = 0; d < 8; ++d) {
    if (image.test(r + kRowStep[d], c + kColStep[d])) {
      visit((r + kRowStep[d]) * image.cols() + c + kColStep[d]);
    }
  }
}

bool is_deletable(const BitImage& skeleton, std::span<const index_t> anchors, index_t pixel) {
  const index_t r = pixel / skeleton.cols();
  const index_t c = pixel % skeleton.cols();
  return kRedundant[pattern_at(skeleton, r, c)] &&
         !std::binary_search(anchors.begin(), anchors.end(), pixel);
}

}  // namespace

void minimal_pass_near(std::vector<std::int32_t>& removed,
                       std::span<const index_t> anchors,
                       BitImage& skeleton) {
  // A pixel can become deletable only when a neighbour goes, so a sweep in raster order need only
  // visit such pixels; those already passed wait for the next sweep.
  Pixels next;
  for (const std::int32_t pixel : removed) {
    for_each_neighbour(skeleton, pixel, [&](index_t near) { next.push_back(near); });
  }
  while (!next.empty()) {
    Heap sweep(std::greater<>(), std::move(next));
    next = {};
    for (; !sweep.empty(); sweep.pop()) {
      const index_t pixel = sweep.top();
      if (!is_deletable(skeleton, anchors, pixel)) continue;
      skeleton.clear(pixel / skeleton.cols(), pixel % skeleton.cols());
      removed.push_back(static_cast<std::int32_t>(pixel));
      Pixels later;
      for_each_neighbour(
          skeleton, pixel, [&](index_t near) { (near > pixel ? later : next).push_back(near); });
      for (const index_t near : later) sweep.push(near);
    }
  }
}

}  // namespace gftcore::vessel
