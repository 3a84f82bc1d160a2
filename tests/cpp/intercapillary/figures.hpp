// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string_view>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore::test {

/// A label image; drawn ones use '.' for 0 and the digits 1..9.
struct Labels {
  index_t rows = 0;
  index_t cols = 0;
  std::vector<label_t> pixels;

  Labels(index_t r, index_t c) : rows(r), cols(c), pixels(static_cast<std::size_t>(r * c), 0) {}
  Labels(std::initializer_list<std::string_view> lines)
      : Labels(static_cast<index_t>(lines.size()), static_cast<index_t>(lines.begin()->size())) {
    std::size_t i = 0;
    for (const std::string_view line : lines) {
      for (const char mark : line) pixels[i++] = mark == '.' ? 0 : mark - '0';
    }
  }
  label_t& at(index_t r, index_t c) { return pixels[static_cast<std::size_t>(r * cols + c)]; }
  label_t get(index_t r, index_t c) const {
    if (r < 0 || r >= rows || c < 0 || c >= cols) return 0;
    return pixels[static_cast<std::size_t>(r * cols + c)];
  }
  ImageView<const label_t> view() const { return {pixels.data(), rows, cols}; }
  BitImage ones() const {
    BitImage bits(rows, cols);
    for (index_t r = 0; r < rows; ++r) {
      for (index_t c = 0; c < cols; ++c) {
        if (get(r, c) != 0) bits.set(r, c);
      }
    }
    return bits;
  }
};

/// Each pixel 0..largest, all equally likely.
inline Labels random_labels(index_t rows, index_t cols, label_t largest, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<label_t> value(0, largest);
  Labels labels(rows, cols);
  for (label_t& pixel : labels.pixels) pixel = value(random);
  return labels;
}

}  // namespace gftcore::test
