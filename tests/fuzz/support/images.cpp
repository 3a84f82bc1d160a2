// SPDX-License-Identifier: Apache-2.0
#include "images.hpp"

#include <algorithm>
#include <cmath>

namespace gftcore::fuzz {
namespace {

using Pixels = std::vector<std::uint8_t>;

struct Canvas {
  Pixels& pixels;
  Shape shape;

  void put(index_t r, index_t c, int value) {
    if (r < 0 || c < 0 || r >= shape.rows || c >= shape.cols) return;
    std::uint8_t& pixel = pixels[static_cast<std::size_t>(r * shape.cols + c)];
    pixel = static_cast<std::uint8_t>(value == 2 ? 1 - pixel : value);
  }
  std::uint8_t get(index_t r, index_t c) const {
    if (r < 0 || c < 0 || r >= shape.rows || c >= shape.cols) return 0;
    return pixels[static_cast<std::size_t>(r * shape.cols + c)];
  }
};

/// Pixels whose squared distance from (row, col) lies in from..to.
void annulus(Canvas& canvas, index_t row, index_t col, index_t from, index_t to, int value) {
  const auto reach = static_cast<index_t>(std::sqrt(static_cast<double>(to))) + 1;
  const index_t top = std::max<index_t>(row - reach, 0);
  const index_t left = std::max<index_t>(col - reach, 0);
  for (index_t r = top; r <= std::min(row + reach, canvas.shape.rows - 1); ++r) {
    for (index_t c = left; c <= std::min(col + reach, canvas.shape.cols - 1); ++c) {
      const index_t d2 = (r - row) * (r - row) + (c - col) * (c - col);
      if (d2 >= from && d2 <= to) canvas.put(r, c, value);
    }
  }
}

/// A sixteenth of a turn, as steps of 64.
constexpr std::array<std::array<index_t, 2>, 16> kDirections{{{0, 64},
                                                              {24, 59},
                                                              {45, 45},
                                                              {59, 24},
                                                              {64, 0},
                                                              {59, -24},
                                                              {45, -45},
                                                              {24, -59},
                                                              {0, -64},
                                                              {-24, -59},
                                                              {-45, -45},
                                                              {-59, -24},
                                                              {-64, 0},
                                                              {-59, 24},
                                                              {-45, 45},
                                                              {-24, 59}}};

/// A bar from a pixel on; returns where it ends.
std::array<index_t, 2> bar(Canvas& canvas,
                           std::array<index_t, 2> from,
                           index_t direction,
                           index_t length,
                           index_t squared_half_width,
                           int value) {
  const auto [dr, dc] = kDirections.at(static_cast<std::size_t>(direction % 16));
  std::array<index_t, 2> at = from;
  for (index_t step = 0; step <= length; ++step) {
    at = {from[0] + (step * dr + 32) / 64, from[1] + (step * dc + 32) / 64};
    annulus(canvas, at[0], at[1], 0, squared_half_width, value);
  }
  return at;
}

void direct_bits(Bytes& bytes, Canvas& canvas, index_t block) {
  const index_t rows = (canvas.shape.rows + block - 1) / block;
  const index_t cols = (canvas.shape.cols + block - 1) / block;
  unsigned bits = 0;
  for (index_t i = 0; i < rows * cols; ++i) {
    if (i % 8 == 0) bits = bytes.byte();
    if ((bits >> static_cast<unsigned>(i % 8) & 1U) == 0) continue;
    for (index_t r = 0; r < block; ++r) {
      for (index_t c = 0; c < block; ++c) {
        canvas.put(i / cols * block + r, i % cols * block + c, 1);
      }
    }
  }
}

void drawn_shapes(Bytes& bytes, Canvas& canvas) {
  const int count = 1 + bytes.byte() % 10;
  for (int i = 0; i < count; ++i) {
    const int kind = bytes.byte();
    const index_t r = bytes.byte() * canvas.shape.rows / 256;
    const index_t c = bytes.byte() * canvas.shape.cols / 256;
    const index_t size = bytes.byte();
    const int value = kind / 8 % 4 == 3 ? 2 : (kind / 8 % 4 == 2 ? 0 : 1);
    switch (kind % 8) {
      case 0:
      case 1:
        for (index_t y = 0; y <= size % 16; ++y) {
          for (index_t x = 0; x <= size / 16; ++x) canvas.put(r + y, c + x, value);
        }
        break;
      case 2:
        annulus(canvas, r, c, 0, size, value);
        break;
      case 3:
        annulus(canvas, r, c, size / 2, size, value);
        break;
      case 4:
        canvas.put(r, c, value);
        break;
      default:
        bar(canvas, {r, c}, kind / 32, size % 64, size / 64 * 2, value);
        break;
    }
  }
}

void noise(Random& random, index_t density, Canvas& canvas, int value) {
  for (index_t r = 0; r < canvas.shape.rows; ++r) {
    for (index_t c = 0; c < canvas.shape.cols; ++c) {
      if (random.chance(density)) canvas.put(r, c, value);
    }
  }
}

/// The majority of each 3 x 3, which makes blobs of noise.
void smooth(Canvas& canvas, Pixels& copy) {
  copy = canvas.pixels;
  const Canvas before{copy, canvas.shape};
  for (index_t r = 0; r < canvas.shape.rows; ++r) {
    for (index_t c = 0; c < canvas.shape.cols; ++c) {
      int sum = 0;
      for (index_t i = r - 1; i <= r + 1; ++i) {
        for (index_t j = c - 1; j <= c + 1; ++j) sum += before.get(i, j);
      }
      canvas.put(r, c, sum > 4 ? 1 : 0);
    }
  }
}

void vessels(Random& random, index_t count, index_t widest, Canvas& canvas) {
  const index_t longest = std::max(canvas.shape.rows, canvas.shape.cols) / 2 + 2;
  for (index_t vessel = 0; vessel < count; ++vessel) {
    std::array<index_t, 2> at{random.below(canvas.shape.rows), random.below(canvas.shape.cols)};
    index_t direction = random.below(16);
    const index_t width = random.below(widest + 1);
    for (index_t piece = random.below(4); piece >= 0; --piece) {
      at = bar(canvas, at, direction, random.below(std::min<index_t>(longest, 60)), width, 1);
      direction += 14 + random.below(5);
    }
  }
}

void rings(Bytes& bytes, Canvas& canvas) {
  const index_t row = bytes.byte() * canvas.shape.rows / 256;
  const index_t col = bytes.byte() * canvas.shape.cols / 256;
  const index_t kind = bytes.byte();
  const index_t spacing = 2 + kind % 8;
  const index_t thick = 1 + kind / 8 % spacing;
  for (index_t r = 0; r < canvas.shape.rows; ++r) {
    for (index_t c = 0; c < canvas.shape.cols; ++c) {
      // Squares or, as the squared distance grows evenly, discs of falling width.
      const index_t d = kind >= 128 ? std::max(std::abs(r - row), std::abs(c - col))
                                    : ((r - row) * (r - row) + (c - col) * (c - col)) / 8;
      if (d % spacing < thick) canvas.put(r, c, 1);
    }
  }
}

}  // namespace

Shape read_shape(Bytes& bytes, const Limits& limits) {
  const int kind = bytes.byte();
  const index_t a = bytes.byte();
  const index_t b = bytes.byte();
  Shape shape;
  switch (kind % 8) {
    case 0:
    case 1:
      shape = {1 + a % 16, 1 + b % 16};
      break;
    case 2:
    case 3:
      shape = {1 + a % 32, 1 + b % 32};
      break;
    case 4:
      shape = {1 + a % 8, 56 + b % 80};
      break;
    case 5:
      shape = {56 + b % 80, 1 + a % 8};
      break;
    case 6:
      shape = a % 2 == 0 ? Shape{1 + a / 4 % 2, 500 + b % 40} : Shape{1, 1000 + b % 50};
      if (a / 2 % 2 == 1) std::swap(shape.rows, shape.cols);
      break;
    default:
      shape = {a % 97, b % 97};
      break;
  }
  shape.rows = std::min(shape.rows, limits.longest);
  shape.cols = std::min(shape.cols, limits.longest);
  shape.cols = std::min(shape.cols, limits.area);
  if (shape.area() > limits.area) shape.rows = limits.area / shape.cols;
  return shape;
}

void read_pixels(Bytes& bytes, Shape shape, std::vector<std::uint8_t>& out) {
  static Pixels copy;
  out.assign(static_cast<std::size_t>(shape.area()), 0);
  Canvas canvas{out, shape};
  const int way = bytes.byte();
  switch (way % 8) {
    case 0:
      direct_bits(bytes, canvas, 1);
      break;
    case 1:
      direct_bits(bytes, canvas, 2 + way / 16 % 4);
      break;
    case 2:
      drawn_shapes(bytes, canvas);
      break;
    case 3: {
      Random random(bytes.two_bytes());
      noise(random, bytes.byte(), canvas, 1);
      break;
    }
    case 4: {
      Random random(bytes.two_bytes());
      noise(random, 64 + bytes.byte() / 2, canvas, 1);
      for (int round = 0; round <= way / 16 % 4; ++round) smooth(canvas, copy);
      break;
    }
    case 5: {
      Random random(bytes.two_bytes());
      vessels(random, 1 + way / 16 % 8, bytes.byte() % 10, canvas);
      break;
    }
    case 6:
      rings(bytes, canvas);
      break;
    default: {
      Random random(bytes.two_bytes());
      vessels(random, 1 + way / 16 % 8, bytes.byte() % 10, canvas);
      noise(random, bytes.byte() % 24, canvas, 2);
      break;
    }
  }
  if ((way & 8) != 0) {
    for (std::uint8_t& pixel : out) pixel = static_cast<std::uint8_t>(1 - pixel);
  }
}

void to_bits(const std::vector<std::uint8_t>& pixels, Shape shape, BitImage& out) {
  out.reset(shape.rows, shape.cols);
  std::size_t i = 0;
  for (index_t r = 0; r < shape.rows; ++r) {
    for (index_t c = 0; c < shape.cols; ++c) {
      if (pixels[i++] != 0) out.set(r, c);
    }
  }
}

void read_mask(Bytes& bytes, Shape shape, BitImage& out) {
  static Pixels pixels;
  read_pixels(bytes, shape, pixels);
  to_bits(pixels, shape, out);
}

bool small_mask(std::uint8_t kind, std::uint8_t seed, Shape shape, BitImage& out) {
  out.reset(shape.rows, shape.cols);
  Random random(seed);
  const index_t row = random.below(shape.rows);
  const index_t col = random.below(shape.cols);
  const index_t density = random.below(160);
  for (index_t r = 0; r < shape.rows; ++r) {
    for (index_t c = 0; c < shape.cols; ++c) {
      bool on = false;
      switch (kind % 8) {
        case 0:
        case 1:
          break;
        case 2:
          on = true;
          break;
        case 3:
          on = seed % 2 == 0 ? 2 * r < shape.rows : 2 * c < shape.cols;
          break;
        case 4:
          on = r == 0 || c == 0 || r == shape.rows - 1 || c == shape.cols - 1;
          break;
        case 5:
          on = std::abs(r - row) <= 3 && std::abs(c - col) <= 5;
          break;
        default:
          on = random.chance(density);
          break;
      }
      if (on) out.set(r, c);
    }
  }
  return kind % 8 > 1;
}

void grey_values(std::uint8_t kind, std::uint8_t seed, Shape shape, std::vector<float>& out) {
  constexpr std::array kScales{1.0F, 255.0F, 1e-3F, -40.0F};
  Random random(seed);
  const float scale = kScales.at(kind / 8 % 4);
  const float offset = kind >= 128 ? 10.0F * scale : 0.0F;
  out.resize(static_cast<std::size_t>(shape.area()));
  for (index_t r = 0; r < shape.rows; ++r) {
    for (index_t c = 0; c < shape.cols; ++c) {
      float value = 0;
      switch (kind % 8) {
        case 0:
        case 1:
        case 2:
          value = static_cast<float>(random.below(65536)) / 65536.0F;
          break;
        case 3:
          value = static_cast<float>(random.below(3)) / 2.0F;
          break;
        case 4:
          value = static_cast<float>(r * 3 + c) / static_cast<float>(3 * shape.rows + shape.cols);
          break;
        case 5:
          value = 0.5F;
          break;
        case 6:
          value = (r + seed) % 7 == 0 || (c + seed) % 11 == 0 ? 1.0F : 0.0F;
          break;
        default:
          value = random.chance(6) ? 1.0F : static_cast<float>(random.below(256)) / 2048.0F;
          break;
      }
      out[static_cast<std::size_t>(r * shape.cols + c)] = offset + scale * value;
    }
  }
}

void Scene::read(Bytes& bytes, const Limits& limits) {
  shape = read_shape(bytes, limits);
  for (std::uint8_t& option : options) option = bytes.byte();
  read_mask(bytes, shape, mask);
}

}  // namespace gftcore::fuzz
