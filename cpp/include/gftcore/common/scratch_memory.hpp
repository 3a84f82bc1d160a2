// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Deletes bytes that were allocated with this alignment.
struct AlignedDelete {
  std::align_val_t alignment{};
  void operator()(std::byte* bytes) const { ::operator delete(bytes, alignment); }
};

/// Memory for a kernel that writes every element before it reads it. Unlike a vector it neither
/// initialises nor keeps its content when it grows, and it may hold elements of another type at
/// the next request. Large blocks ask the system for huge pages: the first touch of small ones
/// costs as much as the work on them.
class ScratchMemory {
 public:
  /// At least `size` elements; of unspecified value unless the memory already held as many bytes.
  template <class T>
  T* request(index_t size) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    reserve(static_cast<std::size_t>(size) * sizeof(T));
    return reinterpret_cast<T*>(bytes_.get());
  }

  /// What the last request of this type gave.
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes_.get());
  }

  /// A request of so many pixels.
  template <class T>
  ImageView<T> request_image(index_t rows, index_t cols) {
    return {request<T>(rows * cols), rows, cols};
  }

 private:
  static constexpr std::size_t kAlignment = 64;

  void reserve(std::size_t size);

  std::unique_ptr<std::byte, AlignedDelete> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace gftcore
