// SPDX-License-Identifier: Apache-2.0
// Bit images: packing, unpacking, complement, counting, iteration, copies, reused memory.
#include "gftcore/common/bit_image.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

/// Pixels of any value, so that packing meets every non-zero byte.
void vary_values(Bytes& bytes, std::vector<std::uint8_t>& pixels) {
  for (std::uint8_t& pixel : pixels) {
    const std::uint8_t value = bytes.left() > 0 ? bytes.byte() : 255;
    if (pixel != 0 && value != 0) pixel = value;
  }
}

void check_pixels(const BitImage& bits,
                  const std::vector<std::uint8_t>& pixels,
                  bool value,
                  const char* what) {
  for (index_t r = 0; r < bits.rows(); ++r) {
    for (index_t c = 0; c < bits.cols(); ++c) {
      const bool on = pixels[static_cast<std::size_t>(r * bits.cols() + c)] != 0;
      expect(bits.test(r, c) == (on == value), what);
    }
  }
}

void check_iteration(const BitImage& bits) {
  std::vector<index_t> seen;
  std::vector<index_t> want;
  for (index_t r = 0; r < bits.rows(); ++r) {
    for_each_one(bits, r, [&](index_t c) { seen.push_back(r * bits.cols() + c); });
    for (index_t c = 0; c < bits.cols(); ++c) {
      if (bits.test(r, c)) want.push_back(r * bits.cols() + c);
    }
  }
  plant("for_each_one", seen);
  same(seen, want, "for_each_one");
  index_t count = bits.count();
  plant("count", count);
  same(count, static_cast<index_t>(want.size()), "count");
}

void check_copies(const BitImage& bits, index_t pixel) {
  static BitImage assigned;
  assigned = bits;
  plant("assignment", assigned);
  expect(assigned == bits, "a copy equals its original");
  expect_clean_guards(assigned, "guards of a copy");
  if (pixel < 0) return;
  const index_t r = pixel / bits.cols();
  const index_t c = pixel % bits.cols();
  BitImage other(bits);
  if (other.test(r, c)) {
    other.clear(r, c);
  } else {
    other.set(r, c);
  }
  plant("flipped copy", other);
  expect(other.test(r, c) != bits.test(r, c), "a pixel can be flipped");
  expect(!(other == bits), "a flipped pixel makes a difference");
  other = std::move(assigned);
  expect(other == bits, "a moved image keeps its pixels");
  assigned = BitImage();
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static std::vector<std::uint8_t> pixels;
  static BitImage bits;
  static BitImage other;
  Bytes bytes(data);
  const Shape shape = read_shape(bytes, {.area = 2500});
  read_pixels(bytes, shape, pixels);
  const index_t pixel = shape.area() == 0 ? -1 : bytes.below(shape.area());
  vary_values(bytes, pixels);

  pack({pixels.data(), shape.rows, shape.cols}, bits);
  plant("pack", bits);
  check_pixels(bits, pixels, true, "pack");
  expect_clean_guards(bits, "guards after packing");

  complement(bits, other);
  plant("complement", other);
  check_pixels(other, pixels, false, "complement");
  expect_clean_guards(other, "guards after complement");

  std::vector<std::uint8_t> back(pixels.size(), 9);
  unpack(bits, {back.data(), shape.rows, shape.cols});
  plant("unpack", back);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    expect(back[i] == (pixels[i] != 0 ? 1 : 0), "unpack");
  }
  check_iteration(bits);
  check_copies(bits, pixel);

  bool refused = false;
  try {
    unpack(bits, {back.data(), shape.rows + 1, shape.cols});
  } catch (const ShapeError&) {
    refused = true;
  }
  expect(refused, "another shape is refused");
}

}  // namespace gftcore::fuzz
