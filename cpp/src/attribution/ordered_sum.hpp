// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore::attribution {

/// What some chunks give to one of the sums, in double precision.
struct GroupSum {
  index_t sum = 0;
  std::vector<std::vector<double>> parts;
};

/// to += from; `to` may be empty.
template <class T>
void add_parts(const std::vector<std::vector<T>>& from, std::vector<std::vector<double>>& to) {
  to.resize(from.size());
  for (std::size_t p = 0; p < from.size(); ++p) {
    to[p].resize(from[p].size());
    for (std::size_t i = 0; i < from[p].size(); ++i) to[p][i] += static_cast<double>(from[p][i]);
  }
}

/// Adds up what groups of chunks give in the groups' order, whichever ends first. What can be added
/// is added and freed at once; one thread never keeps more than a group.
class OrderedSum {
 public:
  using Sums = std::vector<std::vector<std::vector<double>>>;

  /// `sums` stays where it is.
  explicit OrderedSum(Sums& sums) : sums_(sums) {}

  void add(std::size_t group, std::vector<GroupSum> from) {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace(group, std::move(from));
    for (auto at = waiting_.find(next_); at != waiting_.end(); at = waiting_.find(++next_)) {
      for (const GroupSum& one : at->second) {
        add_parts(one.parts, sums_[static_cast<std::size_t>(one.sum)]);
      }
      waiting_.erase(at);
    }
  }

 private:
  Sums& sums_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::map<std::size_t, std::vector<GroupSum>> waiting_;
};

}  // namespace gftcore::attribution
