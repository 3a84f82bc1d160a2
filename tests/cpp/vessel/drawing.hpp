// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <random>
#include <string_view>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/vessel/prune.hpp"
#include "gftcore/vessel/trace.hpp"

namespace gftcore {

/// An image from lines of text; '#' is on.
inline BitImage draw(std::initializer_list<std::string_view> lines) {
  const auto cols = lines.size() == 0 ? 0 : static_cast<index_t>(lines.begin()->size());
  BitImage image(static_cast<index_t>(lines.size()), cols);
  index_t r = 0;
  for (const std::string_view line : lines) {
    for (index_t c = 0; c < cols; ++c) {
      if (line[static_cast<std::size_t>(c)] == '#') image.set(r, c);
    }
    ++r;
  }
  return image;
}

inline BitImage noise(index_t rows, index_t cols, double density, unsigned seed) {
  std::mt19937 random(seed);
  std::bernoulli_distribution on(density);
  BitImage image(rows, cols);
  for (index_t r = 0; r < rows; ++r) {
    for (index_t c = 0; c < cols; ++c) {
      if (on(random)) image.set(r, c);
    }
  }
  return image;
}

inline SkeletonGraph traced(const BitImage& image, const std::vector<index_t>& anchors = {}) {
  SkeletonGraph graph;
  TraceScratch scratch;
  trace(image, anchors, graph, scratch);
  return graph;
}

inline std::vector<NodeKind> kinds(const SkeletonGraph& graph) {
  std::vector<NodeKind> out;
  for (const std::uint8_t kind : graph.node_kind) out.push_back(static_cast<NodeKind>(kind));
  return out;
}

/// A distance image that is `value` on every pixel.
inline std::vector<std::int32_t> constant_distance(const BitImage& image, std::int32_t value) {
  return std::vector<std::int32_t>(static_cast<std::size_t>(image.rows() * image.cols()), value);
}

}  // namespace gftcore
