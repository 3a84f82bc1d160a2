// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// A binary image with 64 pixels a word: bit i of word k of a row is column 64 k + i.
///
/// Every row holds a whole number of 512-bit vectors and lies between zero guards: one zero row
/// above and below the image, one zero vector before and after each row. Bits past the last
/// column are zero. So a kernel may read row(-1), row(rows()), row(r)[-1] and row(r)[words()]
/// without edge code, and must leave all of them zero.
class BitImage {
 public:
  static constexpr index_t kVectorWords = 8;

  BitImage() = default;
  BitImage(index_t rows, index_t cols) { reset(rows, cols); }

  /// Become an all-zero image of this shape; memory is kept when it suffices.
  void reset(index_t rows, index_t cols);

  index_t rows() const { return rows_; }
  index_t cols() const { return cols_; }
  index_t words() const { return words_; }
  index_t stride() const { return words_ + kVectorWords; }

  std::uint64_t* row(index_t r) { return origin_ + r * stride(); }
  const std::uint64_t* row(index_t r) const { return origin_ + r * stride(); }

  /// False outside the image, up to one pixel beyond its frame.
  bool test(index_t r, index_t c) const { return ((row(r)[c >> 6] >> (c & 63)) & 1U) != 0; }
  void set(index_t r, index_t c) { row(r)[c >> 6] |= std::uint64_t{1} << (c & 63); }
  void clear(index_t r, index_t c) { row(r)[c >> 6] &= ~(std::uint64_t{1} << (c & 63)); }

  index_t count() const;
  /// Bits of the last used word that lie inside the image (all ones when cols % 64 == 0).
  std::uint64_t last_word_mask() const {
    return cols_ % 64 == 0 ? ~std::uint64_t{0} : (std::uint64_t{1} << (cols_ % 64)) - 1;
  }
  /// Words of a row that hold at least one column: ceil(cols / 64).
  index_t used_words() const { return (cols_ + 63) / 64; }

  BitImage(const BitImage& other) { *this = other; }
  BitImage& operator=(const BitImage& other);
  BitImage(BitImage&&) noexcept = default;
  BitImage& operator=(BitImage&&) noexcept = default;
  ~BitImage() = default;
  friend bool operator==(const BitImage& a, const BitImage& b);

 private:
  struct AlignedDelete {
    void operator()(std::uint64_t* p) const { ::operator delete[](p, std::align_val_t{64}); }
  };
  std::unique_ptr<std::uint64_t[], AlignedDelete> storage_;
  index_t capacity_ = 0;
  std::uint64_t* origin_ = nullptr;  // word 0 of row 0, 64-byte aligned
  index_t rows_ = 0;
  index_t cols_ = 0;
  index_t words_ = 0;
};

/// Pixels that are not zero become ones.
void pack(ImageView<const std::uint8_t> pixels, BitImage& out);

/// Ones become the byte 1, the rest 0. Throws ShapeError unless the shapes agree.
void unpack(const BitImage& bits, ImageView<std::uint8_t> out);

/// Ones become zeros and the other way round, inside the image only. `out` may be `bits`.
void complement(const BitImage& bits, BitImage& out);

/// Call visit(col) for every one of row r, left to right.
template <class Visit>
void for_each_one(const BitImage& bits, index_t r, Visit visit) {
  const std::uint64_t* words = bits.row(r);
  for (index_t k = 0; k < bits.used_words(); ++k) {
    for (std::uint64_t word = words[k]; word != 0; word &= word - 1) {
      visit(64 * k + std::countr_zero(word));
    }
  }
}

}  // namespace gftcore
