// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// Memory for a kernel that writes every element before it reads it. Unlike a vector it neither
/// initialises nor keeps its content when it grows.
template <class T>
class ScratchArray {
 public:
  /// At least `size` elements of unspecified value; the former ones are lost.
  T* request(index_t size) {
    if (size > capacity_) {
      data_ = std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(size));
      capacity_ = size;
    }
    return data_.get();
  }

  T* data() { return data_.get(); }

 private:
  std::unique_ptr<T[]> data_;
  index_t capacity_ = 0;
};

}  // namespace gftcore
