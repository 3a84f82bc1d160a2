// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string_view>

#include "gftcore/common/bit_image.hpp"

namespace gftcore {

/// An image drawn in text: '#' is on, anything else off.
inline BitImage drawn(std::initializer_list<std::string_view> lines) {
  const auto rows = static_cast<index_t>(lines.size());
  BitImage image(rows, rows == 0 ? 0 : static_cast<index_t>(lines.begin()->size()));
  index_t r = 0;
  for (const std::string_view line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      if (line[c] == '#') image.set(r, static_cast<index_t>(c));
    }
    ++r;
  }
  return image;
}

}  // namespace gftcore
