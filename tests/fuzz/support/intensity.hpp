// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/intensity.hpp"
#include "images.hpp"

namespace gftcore::fuzz {

/// A raw image of any element type behind a mask, perhaps at a half or a third of its size.
struct IntensityScene {
  index_t factor = 1;
  Shape shape;
  std::vector<std::uint8_t> u8;
  std::vector<std::uint16_t> u16;
  std::vector<float> f32;
  std::vector<double> f64;
  IntensityView view;

  /// No image for every fourth `kind`.
  void make(std::uint8_t kind, std::uint8_t seed, Shape mask) {
    factor = 1 + kind / 16 % 3;
    if (mask.area() == 0 || mask.rows % factor != 0 || mask.cols % factor != 0) factor = 1;
    shape = {mask.rows / factor, mask.cols / factor};
    Random random(seed);
    const auto n = static_cast<std::size_t>(shape.area());
    u8.resize(n);
    u16.resize(n);
    f32.resize(n);
    f64.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      const index_t value = seed % 8 == 0 ? 0 : random.below(65536);
      u8[i] = static_cast<std::uint8_t>(value / 256);
      u16[i] = static_cast<std::uint16_t>(value);
      f32[i] = static_cast<float>(value) / 512.0F - (seed % 8 == 1 ? 64.0F : 0.0F);
      f64[i] = static_cast<double>(value) * 1e-3;
    }
    switch (kind % 8) {
      case 0:
      case 1:
        view = std::monostate{};
        break;
      case 2:
      case 3:
        view = ImageView<const std::uint8_t>(u8.data(), shape.rows, shape.cols);
        break;
      case 4:
        view = ImageView<const std::uint16_t>(u16.data(), shape.rows, shape.cols);
        break;
      case 5:
      case 6:
        view = ImageView<const float>(f32.data(), shape.rows, shape.cols);
        break;
      default:
        view = ImageView<const double>(f64.data(), shape.rows, shape.cols);
        break;
    }
  }

  bool present() const { return view.index() != 0; }

  /// Value behind a mask pixel.
  double at(index_t r, index_t c) const {
    const auto i = static_cast<std::size_t>(r / factor * shape.cols + c / factor);
    switch (view.index()) {
      case 1:
        return u8[i];
      case 2:
        return u16[i];
      case 3:
        return double{f32[i]};
      default:
        return f64[i];
    }
  }
};

}  // namespace gftcore::fuzz
