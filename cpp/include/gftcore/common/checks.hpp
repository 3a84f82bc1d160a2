// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "gftcore/common/error.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Longest side of an image; squared distances then fit in int32.
inline constexpr index_t kMaxSide = 32767;

/// Throws ShapeError unless both have the same rows and columns.
template <class A, class B>
void require_same_shape(const A& a, const char* a_name, const B& b, const char* b_name) {
  if (a.rows() == b.rows() && a.cols() == b.cols()) return;
  throw ShapeError(std::string(b_name) + " must have the shape of " + a_name + ", (" +
                   std::to_string(a.rows()) + ", " + std::to_string(a.cols()) + "), got (" +
                   std::to_string(b.rows()) + ", " + std::to_string(b.cols()) + ")");
}

/// Longest side of a closure: an image in a ring one pixel wide.
inline constexpr index_t kMaxClosedSide = kMaxSide + 2;

/// Throws ShapeError when a side is longer than `longest`.
inline void require_supported_size(index_t rows,
                                   index_t cols,
                                   const char* name,
                                   index_t longest = kMaxSide) {
  if (rows <= longest && cols <= longest) return;
  throw ShapeError(std::string(name) + " must have sides of at most " + std::to_string(longest) +
                   " px, got (" + std::to_string(rows) + ", " + std::to_string(cols) + ")");
}

}  // namespace gftcore
