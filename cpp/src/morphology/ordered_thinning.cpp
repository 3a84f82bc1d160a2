// SPDX-License-Identifier: Apache-2.0
#include "ordered_thinning.hpp"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "simple_point.hpp"
#include "sweep_near.hpp"

namespace gftcore {
namespace {

/// Squared distance above, position of the pixel's bit below. Bits of an image are numbered row by
/// row with the padding of rows included, so keys order pixels by (squared distance, raster index)
/// and words are found without a division.
using Key = std::int64_t;
using Keys = std::vector<Key>;

constexpr unsigned kDigitBits = 11;
constexpr Key kDigitMask = (Key{1} << kDigitBits) - 1;

/// Stable counting sorts by the distance's digits, low to high; digits no key has are skipped.
void sort_by_distance(Keys& keys, Key all_bits, Keys& spare) {
  std::array<index_t, kDigitMask + 1> next{};
  for (unsigned shift = 32; shift < 63 && all_bits >> shift != 0; shift += kDigitBits) {
    if ((all_bits >> shift & kDigitMask) == 0) continue;  // every key has digit 0
    next.fill(0);
    const auto digit = [shift](Key key) {
      return static_cast<std::size_t>(key >> shift & kDigitMask);
    };
    for (const Key key : keys) ++next[digit(key)];
    index_t total = 0;
    for (index_t& place : next) total += std::exchange(place, total);
    spare.resize(keys.size());
    for (const Key key : keys) spare[static_cast<std::size_t>(next[digit(key)]++)] = key;
    keys.swap(spare);
  }
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

  /// Every pixel that may go, sorted.
  void list_pixels(Keys& keys, Keys& spare) const {
    keys.clear();
    keys.reserve(static_cast<std::size_t>(image_.count()));
    Key all_bits = 0;
    for (index_t r = 0; r < image_.rows(); ++r) {
      const std::int32_t* distance = squared_distance_.row(r);
      const Key first = r * row_bits_;
      for_each_one(image_, r, [&](index_t c) {
        const Key key = Key{distance[c]} << 32 | (first + c);
        keys.push_back(key);
        all_bits |= key;
      });
    }
    sort_by_distance(keys, all_bits, spare);
  }

  /// One whole sweep; keys keep what is left.
  void sweep(Keys& keys) {
    auto kept = keys.begin();
    for (const Key key : keys) {
      if (!remove(position_of(key))) *kept++ = key;
    }
    keys.erase(kept, keys.end());
  }

  /// One whole sweep, then sweeps over the pixels near removals only, until nothing changes.
  void finish(const Keys& keys) {
    Keys next;
    for (const Key key : keys) {
      if (remove(position_of(key))) {
        for_each_redundant(key, [&](Key near) {
          if (near < key) next.push_back(near);
        });
      }
    }
    sweep_near(
        std::move(next),
        [this](Key key) { return remove(position_of(key)); },
        [this](Key key, auto visit) { for_each_redundant(key, visit); });
  }

 private:
  static index_t position_of(Key key) { return key & 0xffffffff; }

  /// Whole words are read, never the bytes between: a load of a word that was just stored is
  /// served from the store, and one that straddles two stores would have to wait for both.
  static std::uint32_t three_bits(const std::uint64_t* word, unsigned bit) {
    if (bit == 0) return static_cast<std::uint32_t>(word[0] << 1 | word[-1] >> 63) & 7U;
    if (bit == 63) return static_cast<std::uint32_t>(word[0] >> 62 | (word[1] & 1U) << 2);
    return static_cast<std::uint32_t>(word[0] >> (bit - 1)) & 7U;
  }

  bool remove(index_t position) {
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
    const index_t c = position_of(key) % row_bits_;
    for (index_t row = r - 1; row <= r + 1; ++row) {
      for (index_t col = c - 1; col <= c + 1; ++col) {
        if (!image_.test(row, col) || !kRedundant[window_code(image_, row, col)]) continue;
        visit(Key{squared_distance_(row, col)} << 32 | (row * row_bits_ + col));
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
  thinning.list_pixels(scratch.keys, scratch.sorted_keys);
  thinning.sweep(scratch.keys);
  thinning.finish(scratch.keys);
}

}  // namespace gftcore
