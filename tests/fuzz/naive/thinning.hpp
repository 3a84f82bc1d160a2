// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "../../cpp/morphology/plain_thinning.hpp"
#include "gftcore/morphology/thinning.hpp"
#include "grid.hpp"

namespace gftcore::naive {

/// Look-up table of scikit-image 0.26 as data, BSD-3-Clause: notice and meaning in
/// python/gftcore/reference/_skimage_table.py. Index bits 0..7 = NW, N, NE, E, SE, S, SW, W; 1 and
/// 3 delete in the first pass, 2 and 3 in the second one.
inline constexpr std::string_view kSkimageZhang =
    "0001001300311013000000002020303300000000300000000000000020003022"
    "0000000000000000000000000000000020000000200020003000000030003020"
    "0031001300000001000000000000000131000000000000002000000000000000"
    "2313001300000001000000000000000023010001000000003301000022002000";

inline bool zhang_skimage(const plain::Ring& p, bool second) {
  constexpr std::size_t kBitOfNeighbour[] = {1, 2, 3, 4, 5, 6, 7, 0};  // of P2..P9
  std::size_t code = 0;
  for (std::size_t k = 0; k < 8; ++k) {
    if (p[k + 2] != 0) code |= std::size_t{1} << kBitOfNeighbour[k];
  }
  const char value = kSkimageZhang[code];
  return value == '3' || value == (second ? '2' : '1');
}

inline BitImage frame_of(const BitImage& mask) {
  BitImage frame(mask.rows(), mask.cols());
  for (index_t r = 0; r < mask.rows(); ++r) {
    for (index_t c = 0; c < mask.cols(); ++c) {
      if (r == 0 || c == 0 || r == mask.rows() - 1 || c == mask.cols() - 1) frame.set(r, c);
    }
  }
  return frame;
}

/// The middle of each run of ones on the frame, walked clockwise from (0, 0).
inline std::vector<index_t> anchors(const BitImage& mask) {
  const index_t rows = mask.rows();
  const index_t cols = mask.cols();
  if (rows < 3 || cols < 3) return {};
  std::vector<index_t> walk;
  for (index_t c = 0; c < cols; ++c) walk.push_back(c);
  for (index_t r = 1; r < rows; ++r) walk.push_back(r * cols + cols - 1);
  for (index_t c = cols - 2; c >= 0; --c) walk.push_back((rows - 1) * cols + c);
  for (index_t r = rows - 2; r > 0; --r) walk.push_back(r * cols);
  const std::size_t n = walk.size();
  const auto on = [&](std::size_t i) { return mask.test(walk[i % n] / cols, walk[i % n] % cols); };
  std::vector<index_t> found;
  for (std::size_t start = 0; start < n; ++start) {
    if (!on(start) || on(start + n - 1)) continue;
    std::size_t length = 1;
    while (on(start + length)) ++length;
    found.push_back(walk[(start + (length - 1) / 2) % n]);
  }
  std::ranges::sort(found);
  return found;
}

/// thin() by its definition.
inline BitImage thinned(const BitImage& mask,
                        SkeletonMethod method,
                        std::span<const index_t> anchors,
                        std::span<const std::int32_t> squared_distance) {
  if (method == SkeletonMethod::zhang_opencv) {
    return plain::parallel(mask, frame_of(mask), plain::zhang_suen);
  }
  if (method == SkeletonMethod::guohall_opencv) {
    return plain::parallel(mask, frame_of(mask), plain::guo_hall);
  }
  BitImage frozen(mask.rows(), mask.cols());
  if (method == SkeletonMethod::zhang_skimage) return plain::parallel(mask, frozen, zhang_skimage);
  std::vector<index_t> order = plain::raster_order(mask);
  if (method == SkeletonMethod::ordered) {
    std::ranges::stable_sort(order, {}, [&](index_t pixel) {
      return squared_distance[static_cast<std::size_t>(pixel)];
    });
    return plain::sequential(mask, order, anchors);
  }
  for (const index_t anchor : anchors) frozen.set(anchor / mask.cols(), anchor % mask.cols());
  return plain::sequential(plain::parallel(mask, frozen, plain::guo_hall), order, anchors);
}

/// minimal_pass() by its definition.
inline BitImage minimal(const BitImage& skeleton, std::span<const index_t> anchors) {
  return plain::sequential(skeleton, plain::raster_order(skeleton), anchors);
}

}  // namespace gftcore::naive
