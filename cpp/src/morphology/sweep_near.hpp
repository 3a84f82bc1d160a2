// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace gftcore {

/// Finish sequential thinning after a whole sweep: the same pixels go as in whole sweeps in
/// ascending order of keys, repeated until one removes nothing.
///
/// A pixel becomes redundant only when a neighbour goes, so it is enough to visit those that a
/// removal just made redundant: `next` holds the ones that the sweep had passed by then.
/// remove(key) deletes the pixel if it is there and redundant and says whether it did;
/// for_each_redundant(key, visit) passes visit the keys of the redundant pixels around it.
/// O(n log n) for n removals and entries of next.
template <class Remove, class ForEachRedundant>
void sweep_near(std::vector<std::int64_t> next,
                Remove remove,
                ForEachRedundant for_each_redundant) {
  while (!next.empty()) {
    std::priority_queue current(std::greater<std::int64_t>(), std::move(next));
    next.clear();
    while (!current.empty()) {
      const std::int64_t key = current.top();
      current.pop();
      if (!remove(key)) continue;
      for_each_redundant(key, [&](std::int64_t near) {
        if (near < key) {
          next.push_back(near);
        } else {
          current.push(near);
        }
      });
    }
  }
}

}  // namespace gftcore
