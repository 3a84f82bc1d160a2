// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// Make room for `size` elements that the caller writes. A vector that grows does not double, as
/// it would by resize(), and its former elements are lost instead of copied: among images of nearly
/// the same size the first one a little larger would otherwise double a worker's memory.
template <class T>
void resize_exactly(std::vector<T>& elements, index_t size) {
  const auto count = static_cast<std::size_t>(size);
  if (elements.capacity() < count) {
    std::vector<T>().swap(elements);  // before the larger one is allocated
    elements.reserve(count);
  }
  elements.resize(count);
}

}  // namespace gftcore
