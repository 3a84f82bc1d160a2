// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bytes.hpp"
#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore::fuzz {

struct Shape {
  index_t rows = 0;
  index_t cols = 0;
  index_t area() const { return rows * cols; }
};

/// Largest images a target takes. They are small, so that executions are many.
struct Limits {
  index_t area = 900;
  index_t longest = 1050;  ///< of lines, which cross 64 and 512 columns
};

/// Three bytes: a class of shapes, and the sides within it. Tiny squares, blocks, strips around
/// 64 and 128 columns or rows, lines around 512 and 1024, and anything from 0 to 96.
Shape read_shape(Bytes& bytes, const Limits& limits);

/// A byte image 0/1 from one byte that names a way, and what that way needs: pixels as bits, the
/// same enlarged, a list of drawn shapes, noise, blobs, vessels, rings, speckled vessels. A bit of
/// the first byte inverts the image.
void read_pixels(Bytes& bytes, Shape shape, std::vector<std::uint8_t>& out);

/// The same as a bit image.
void read_mask(Bytes& bytes, Shape shape, BitImage& out);

/// A further mask from two bytes alone: none, all, half, a frame, a rectangle, noise.
/// Returns false for none; `out` then has no ones.
bool small_mask(std::uint8_t kind, std::uint8_t seed, Shape shape, BitImage& out);

/// Grey values of one of several kinds and ranges, finite: noise, ramps, few levels, a constant,
/// dark with bright lines; the range from tiny to large, also negative.
void grey_values(std::uint8_t kind, std::uint8_t seed, Shape shape, std::vector<float>& out);

void to_bits(const std::vector<std::uint8_t>& pixels, Shape shape, BitImage& out);

/// What nearly every target reads first: shape, eight option bytes, a mask. The rest stays in
/// `bytes`. The layout is fixed, so that kept inputs keep their meaning.
struct Scene {
  static constexpr std::size_t kOptions = 8;

  Shape shape;
  std::array<std::uint8_t, kOptions> options{};
  BitImage mask;

  void read(Bytes& bytes, const Limits& limits = {});
  std::uint8_t option(std::size_t i) const { return options.at(i); }
};

}  // namespace gftcore::fuzz
