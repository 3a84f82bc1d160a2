// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"

// The naive references: slow, obvious code. Images are one value a pixel; outside is zero.
namespace gftcore::naive {

template <class T>
struct Grid {
  index_t rows = 0;
  index_t cols = 0;
  std::vector<T> values;

  Grid() = default;
  Grid(index_t r, index_t c, T value = T{})
      : rows(r), cols(c), values(static_cast<std::size_t>(r * c), value) {}

  bool inside(index_t r, index_t c) const { return r >= 0 && c >= 0 && r < rows && c < cols; }
  T get(index_t r, index_t c) const {
    return inside(r, c) ? values[static_cast<std::size_t>(r * cols + c)] : T{};
  }
  T& operator()(index_t r, index_t c) { return values[static_cast<std::size_t>(r * cols + c)]; }
};

using Mask = Grid<std::uint8_t>;
using Labels = Grid<label_t>;

inline Mask mask_of(const BitImage& bits) {
  Mask mask(bits.rows(), bits.cols());
  for (index_t r = 0; r < mask.rows; ++r) {
    for (index_t c = 0; c < mask.cols; ++c) mask(r, c) = bits.test(r, c) ? 1 : 0;
  }
  return mask;
}

inline BitImage bits_of(const Mask& mask) {
  BitImage bits(mask.rows, mask.cols);
  for (index_t r = 0; r < mask.rows; ++r) {
    for (index_t c = 0; c < mask.cols; ++c) {
      if (mask.get(r, c) != 0) bits.set(r, c);
    }
  }
  return bits;
}

inline Mask inverted(Mask mask) {
  for (std::uint8_t& pixel : mask.values) pixel = pixel == 0 ? 1 : 0;
  return mask;
}

/// N, NE, E, SE, S, SW, W, NW: the even ones are the 4-neighbours.
inline constexpr index_t kRowStep[] = {-1, -1, 0, 1, 1, 1, 0, -1};
inline constexpr index_t kColStep[] = {0, 1, 1, 1, 0, -1, -1, -1};

/// Components of what is not zero, 1.. in the raster order of their first pixels, by flood fill.
inline Labels components(const Mask& mask, bool eight, label_t& count) {
  Labels labels(mask.rows, mask.cols);
  std::vector<index_t> open;
  count = 0;
  for (index_t start = 0; start < mask.rows * mask.cols; ++start) {
    const auto at = static_cast<std::size_t>(start);
    if (mask.values[at] == 0 || labels.values[at] != 0) continue;
    labels.values[at] = ++count;
    open.assign(1, start);
    while (!open.empty()) {
      const index_t r = open.back() / mask.cols;
      const index_t c = open.back() % mask.cols;
      open.pop_back();
      for (int k = 0; k < 8; k += eight ? 1 : 2) {
        const index_t i = r + kRowStep[k];
        const index_t j = c + kColStep[k];
        if (mask.get(i, j) == 0 || labels.get(i, j) != 0) continue;
        labels(i, j) = count;
        open.push_back(i * mask.cols + j);
      }
    }
  }
  return labels;
}

inline label_t count_components(const Mask& mask, bool eight) {
  label_t count = 0;
  components(mask, eight, count);
  return count;
}

/// 4-connected components of zeros that do not reach the frame.
inline label_t count_holes(const Mask& mask) {
  label_t count = 0;
  const Labels labels = components(inverted(mask), false, count);
  std::vector<std::uint8_t> open(static_cast<std::size_t>(count) + 1, 0);
  for (index_t r = 0; r < mask.rows; ++r) {
    for (index_t c = 0; c < mask.cols; ++c) {
      if (r == 0 || c == 0 || r == mask.rows - 1 || c == mask.cols - 1) {
        open[static_cast<std::size_t>(labels.get(r, c))] = 1;
      }
    }
  }
  label_t holes = 0;
  for (std::size_t label = 1; label < open.size(); ++label) holes += open[label] == 0 ? 1 : 0;
  return holes;
}

/// Pixels of each label; entry 0 counts those without.
inline std::vector<index_t> areas(const Labels& labels, label_t count) {
  std::vector<index_t> area(static_cast<std::size_t>(count) + 1, 0);
  for (const label_t label : labels.values) ++area[static_cast<std::size_t>(label)];
  return area;
}

}  // namespace gftcore::naive
