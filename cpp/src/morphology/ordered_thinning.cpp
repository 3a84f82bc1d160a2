// SPDX-License-Identifier: Apache-2.0
#include "ordered_thinning.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "simple_point.hpp"
#include "sweep_near.hpp"

namespace gftcore {
namespace {

/// Number of a pixel's bit in the image: row by row with the padding of rows included, so that
/// words are found without a division.
using Position = std::uint32_t;

/// Squared distance above, position below: keys order pixels by (squared distance, raster index).
using Key = std::int64_t;

constexpr unsigned kDigitBits = 11;
constexpr std::int32_t kDigitMask = (1 << kDigitBits) - 1;
using Places = std::array<index_t, kDigitMask + 1>;

std::size_t digit_of(std::int32_t distance, unsigned shift) {
  return static_cast<std::size_t>(distance >> shift & kDigitMask);
}

/// Numbers of entries become their first places.
void number_places(Places& places) {
  index_t total = 0;
  for (index_t& place : places) total += std::exchange(place, total);
}

class OrderedThinning {
 public:
  OrderedThinning(BitImage& image,
                  const BitImage& frozen,
                  ImageView<const std::int32_t> squared_distance)
      : image_(image),
        frozen_(frozen),
        squared_distance_(squared_distance),
        row_bits_(64 * image.stride()),
        words_(image.row(0)) {}

  /// The pixels sorted by key: stable counting sorts by the distance's digits, low to high. The
  /// first one reads the image, and few images have distances with another digit.
  std::span<Position> sorted_pixels(ScratchMemory& memory) const {
    Places places{};
    std::int32_t largest = 0;
    for_each_pixel([&](Position, std::int32_t distance) {
      ++places[digit_of(distance, 0)];
      largest = std::max(largest, distance);
    });
    const index_t count = std::accumulate(places.begin(), places.end(), index_t{0});
    number_places(places);
    auto* order = memory.request<Position>(largest > kDigitMask ? 2 * count : count);
    for_each_pixel([&](Position position, std::int32_t distance) {
      order[places[digit_of(distance, 0)]++] = position;
    });
    Position* spare = order + count;
    for (unsigned shift = kDigitBits; shift < 31 && largest >> shift != 0; shift += kDigitBits) {
      places.fill(0);
      for (index_t i = 0; i < count; ++i) ++places[digit_of(distance_at(order[i]), shift)];
      number_places(places);
      for (index_t i = 0; i < count; ++i) {
        spare[places[digit_of(distance_at(order[i]), shift)]++] = order[i];
      }
      std::swap(order, spare);
    }
    return {order, static_cast<std::size_t>(count)};
  }

  /// One whole sweep; returns what is left.
  std::span<Position> sweep(std::span<Position> pixels) {
    auto kept = pixels.begin();
    for (const Position pixel : pixels) {
      if (!remove(pixel)) *kept++ = pixel;
    }
    return {pixels.begin(), kept};
  }

  /// One whole sweep, then sweeps over the pixels near removals only, until nothing changes.
  void finish(std::span<const Position> pixels) {
    std::vector<Key> next;
    for (const Position pixel : pixels) {
      if (!remove(pixel)) continue;
      const Key key = key_of(pixel, distance_at(pixel));
      for_each_redundant(key, [&](Key near) {
        if (near < key) next.push_back(near);
      });
    }
    sweep_near(
        std::move(next),
        [this](Key key) { return remove(position_of(key)); },
        [this](Key key, auto visit) { for_each_redundant(key, visit); });
  }

 private:
  static Position position_of(Key key) { return static_cast<Position>(key); }
  static Key key_of(index_t position, std::int32_t distance) {
    return Key{distance} << 32 | position;
  }

  std::int32_t distance_at(Position position) const {
    const index_t row = position / row_bits_;
    return squared_distance_(row, position - row * row_bits_);
  }

  /// visit(position, squared distance) in raster order.
  template <class Visit>
  void for_each_pixel(Visit visit) const {
    for (index_t r = 0; r < image_.rows(); ++r) {
      const std::int32_t* distance = squared_distance_.row(r);
      const index_t first = r * row_bits_;
      for_each_one(
          image_, r, [&](index_t c) { visit(static_cast<Position>(first + c), distance[c]); });
    }
  }

  /// Whole words are read, never the bytes between: a load of a word that was just stored is
  /// served from the store, and one that straddles two stores would have to wait for both.
  static std::uint32_t three_bits(const std::uint64_t* word, unsigned bit) {
    if (bit == 0) return static_cast<std::uint32_t>(word[0] << 1 | word[-1] >> 63) & 7U;
    if (bit == 63) return static_cast<std::uint32_t>(word[0] >> 62 | (word[1] & 1U) << 2);
    return static_cast<std::uint32_t>(word[0] >> (bit - 1)) & 7U;
  }

  bool remove(Position position) {
    std::uint64_t* word = words_ + (position >> 6);
    const auto bit = static_cast<unsigned>(position & 63);
    const index_t stride = image_.stride();
    const std::uint32_t code = three_bits(word - stride, bit) | three_bits(word, bit) << 3 |
                               three_bits(word + stride, bit) << 6;
    if (!kRedundant[code]) return false;
    if ((frozen_.row(0)[position >> 6] >> bit & 1U) != 0) return false;
    *word &= ~(std::uint64_t{1} << bit);
    return true;
  }

  /// visit(key) for the redundant ones among the eight neighbours.
  template <class Visit>
  void for_each_redundant(Key key, Visit visit) const {
    const index_t r = position_of(key) / row_bits_;
    const index_t c = position_of(key) - r * row_bits_;
    for (index_t row = r - 1; row <= r + 1; ++row) {
      for (index_t col = c - 1; col <= c + 1; ++col) {
        if (!image_.test(row, col) || !kRedundant[window_code(image_, row, col)]) continue;
        visit(key_of(row * row_bits_ + col, squared_distance_(row, col)));
      }
    }
  }

  BitImage& image_;
  const BitImage& frozen_;
  ImageView<const std::int32_t> squared_distance_;
  index_t row_bits_;
  std::uint64_t* words_;
};

}  // namespace

void thin_ordered(BitImage& image,
                  std::span<const index_t> anchors,
                  ImageView<const std::int32_t> squared_distance,
                  ThinScratch& scratch) {
  scratch.frozen.reset(image.rows(), image.cols());
  for (const index_t anchor : anchors) {
    scratch.frozen.set(anchor / image.cols(), anchor % image.cols());
  }
  OrderedThinning thinning(image, scratch.frozen, squared_distance);
  thinning.finish(thinning.sweep(thinning.sorted_pixels(scratch.order)));
}

}  // namespace gftcore
