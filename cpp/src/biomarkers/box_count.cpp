// SPDX-License-Identifier: Apache-2.0
#include "gftcore/biomarkers/box_count.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

using Word = std::uint64_t;

void require_sides(const BitImage& image, std::span<const index_t> sides) {
  if (image.rows() < 1 || image.cols() < 1) throw ShapeError("image must have at least one pixel");
  require_supported_size(image.rows(), image.cols(), "image");
  index_t last = 0;
  for (const index_t side : sides) {
    if (side <= last || image.rows() % side != 0 || image.cols() % side != 0) {
      throw ValueError("sides of boxes must ascend and divide both sides of the image, (" +
                       std::to_string(image.rows()) + ", " + std::to_string(image.cols()) +
                       "), got " + std::to_string(side));
    }
    last = side;
  }
}

/// Bits 0, 2, 4, .. of a word as its lower half.
Word even_bits(Word x) {
  x &= 0x5555555555555555U;
  x = (x | x >> 1) & 0x3333333333333333U;
  x = (x | x >> 2) & 0x0f0f0f0f0f0f0f0fU;
  x = (x | x >> 4) & 0x00ff00ff00ff00ffU;
  x = (x | x >> 8) & 0x0000ffff0000ffffU;
  return (x | x >> 16) & 0x00000000ffffffffU;
}

void join_pairs(std::span<const Word> fine, Word* coarse) {
  for (std::size_t k = 0; k < fine.size(); ++k) {
    coarse[k / 2] |= even_bits(fine[k] | fine[k] >> 1) << (k % 2 * 32);
  }
}

/// Column of the first one at or after `from`; 64 * words.size() without any.
index_t next_one(std::span<const Word> words, index_t from) {
  const auto end = static_cast<index_t>(words.size());
  index_t k = from >> 6;
  if (k >= end) return 64 * end;
  Word word = words[static_cast<std::size_t>(k)] & ~Word{0} << (from & 63);
  while (word == 0) {
    if (++k == end) return 64 * end;
    word = words[static_cast<std::size_t>(k)];
  }
  return 64 * k + std::countr_zero(word);
}

void join_groups(std::span<const Word> fine, index_t factor, BitImage& coarse, index_t row) {
  const auto end = static_cast<index_t>(fine.size()) * 64;
  for (index_t c = next_one(fine, 0); c < end;) {
    const index_t box = c / factor;
    coarse.set(row, box);
    c = next_one(fine, (box + 1) * factor);
  }
}

/// Pixel (r, c) of `coarse` says whether block (r, c) of factor x factor pixels holds a one.
void join_blocks(const BitImage& fine,
                 index_t factor,
                 BitImage& coarse,
                 std::vector<Word>& joined) {
  coarse.reset(fine.rows() / factor, fine.cols() / factor);
  for (index_t r = 0; r < coarse.rows(); ++r) {
    joined.assign(static_cast<std::size_t>(fine.used_words()), 0);
    for (index_t i = 0; i < factor; ++i) {
      const Word* words = fine.row(r * factor + i);
      for (std::size_t k = 0; k < joined.size(); ++k) joined[k] |= words[k];
    }
    if (factor == 2) {
      join_pairs(joined, coarse.row(r));
    } else {
      join_groups(joined, factor, coarse, r);
    }
  }
}

}  // namespace

std::vector<index_t> count_boxes(const BitImage& image,
                                 std::span<const index_t> sides,
                                 BoxScratch& scratch) {
  require_sides(image, sides);
  if (scratch.levels.size() < sides.size()) scratch.levels.resize(sides.size());
  std::vector<index_t> counts;
  counts.reserve(sides.size());
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (sides[i] == 1) {
      counts.push_back(image.count());
      continue;
    }
    const BitImage* fine = &image;
    index_t factor = sides[i];
    for (std::size_t j = 0; j < i; ++j) {  // the largest box that these are made of
      if (sides[j] == 1 || sides[i] % sides[j] != 0) continue;
      fine = &scratch.levels[j];
      factor = sides[i] / sides[j];
    }
    join_blocks(*fine, factor, scratch.levels[i], scratch.row);
    counts.push_back(scratch.levels[i].count());
  }
  return counts;
}

}  // namespace gftcore
