// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/anchors.hpp"

#include <algorithm>

namespace gftcore {
namespace {

/// Raster indices of the frame, clockwise from (0, 0).
std::vector<index_t> frame_of(index_t rows, index_t cols) {
  std::vector<index_t> frame;
  frame.reserve(static_cast<std::size_t>(2 * (rows + cols)));
  for (index_t c = 0; c < cols; ++c) frame.push_back(c);
  for (index_t r = 1; r < rows; ++r) frame.push_back(r * cols + cols - 1);
  for (index_t c = cols - 2; c >= 0; --c) frame.push_back((rows - 1) * cols + c);
  for (index_t r = rows - 2; r >= 1; --r) frame.push_back(r * cols);
  return frame;
}

}  // namespace

std::vector<index_t> border_anchors(const BitImage& mask) {
  const index_t cols = mask.cols();
  std::vector<index_t> anchors;
  if (mask.rows() < 3 || cols < 3) return anchors;
  std::vector<index_t> frame = frame_of(mask.rows(), cols);
  const auto on = [&](index_t pixel) { return mask.test(pixel / cols, pixel % cols); };

  // Start at a zero, so that no run wraps around.
  const auto zero = std::ranges::find_if_not(frame, on);
  if (zero == frame.end()) return anchors;
  std::rotate(frame.begin(), zero, frame.end());
  for (auto begin = frame.begin(); begin != frame.end();) {
    begin = std::find_if(begin, frame.end(), on);
    const auto end = std::find_if_not(begin, frame.end(), on);
    if (begin != end) anchors.push_back(*(begin + (end - begin - 1) / 2));
    begin = end;
  }
  std::ranges::sort(anchors);
  return anchors;
}

}  // namespace gftcore
