// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore::nn {

/// Rows row .. row + rows of matrix `which`.
struct RowBlock {
  std::size_t which = 0;
  index_t row = 0;
  index_t rows = 0;
};

/// Blocks of up to `size` rows of all matrices; sizes[i] is the number of rows of matrix i. Where
/// blocks begin does not depend on the number of threads.
inline std::vector<RowBlock> blocks_of(const std::vector<index_t>& sizes, index_t size) {
  std::vector<RowBlock> out;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    for (index_t row = 0; row < sizes[i]; row += size) {
      out.push_back({i, row, std::min(size, sizes[i] - row)});
    }
  }
  return out;
}

/// Calls work(i) for 0 <= i < count in up to `threads` threads, this one among them, and rethrows
/// its first error. Where the system gives fewer threads, those do the work.
template <class Work>
void for_each_in_threads(std::size_t count, int threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr thrown;
  std::mutex mutex;
  const auto run = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::scoped_lock lock(mutex);
      if (!thrown) thrown = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t useful = std::min(static_cast<std::size_t>(threads), count);
    try {
      for (std::size_t i = 1; i < useful; ++i) others.emplace_back(run);
    } catch (const std::system_error&) {
      // No more threads: those that run do the work.
    }
    run();
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace gftcore::nn
