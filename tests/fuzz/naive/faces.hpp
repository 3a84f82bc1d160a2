// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "grid.hpp"

namespace gftcore::naive {

/// The image in a ring of background, with a ring pixel on outside each anchor on the frame.
inline Mask closed(const Mask& image, std::span<const index_t> anchors) {
  Mask out(image.rows + 2, image.cols + 2);
  for (index_t r = 0; r < image.rows; ++r) {
    for (index_t c = 0; c < image.cols; ++c) out(r + 1, c + 1) = image.get(r, c);
  }
  for (const index_t anchor : anchors) {
    index_t r = anchor / image.cols + 1;
    index_t c = anchor % image.cols + 1;
    const bool on_frame = r == 1 || c == 1 || r == image.rows || c == image.cols;
    if (!on_frame) continue;
    if (r == 1) {
      r = 0;
    } else if (r == image.rows) {
      ++r;
    }
    if (c == 1) {
      c = 0;
    } else if (c == image.cols) {
      ++c;
    }
    out(r, c) = 1;
  }
  return out;
}

/// Faces of the closure, 1.., 0 where it is on.
inline Labels faces(const Mask& image, std::span<const index_t> anchors, label_t& count) {
  return components(inverted(closed(image, anchors)), false, count);
}

}  // namespace gftcore::naive
