// SPDX-License-Identifier: Apache-2.0
#include "gftcore/common/bit_image.hpp"

#include <algorithm>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/count_ones.hpp"

namespace gftcore {
namespace {

/// The eight bytes' low bits as one byte; byte i becomes bit i.
std::uint64_t gather_low_bits(std::uint64_t bytes) {
  constexpr std::uint64_t kMagic = 0x0102040810204080;
  return (bytes * kMagic) >> 56;
}

/// 0x01 in every byte of x that is not zero.
std::uint64_t nonzero_bytes(std::uint64_t x) {
  constexpr std::uint64_t kLow7 = 0x7f7f7f7f7f7f7f7f;
  return ((((x & kLow7) + kLow7) | x) >> 7) & 0x0101010101010101;
}

}  // namespace

void BitImage::reset(index_t rows, index_t cols) {
  rows_ = rows;
  cols_ = cols;
  words_ = (cols + 511) / 512 * kVectorWords;
  const index_t needed = (rows + 2) * stride() + kVectorWords;
  if (needed > capacity_) {
    storage_.reset(new (std::align_val_t{64}) std::uint64_t[static_cast<std::size_t>(needed)]);
    capacity_ = needed;
  }
  std::fill_n(storage_.get(), needed, std::uint64_t{0});
  origin_ = storage_.get() + kVectorWords + stride();
}

BitImage& BitImage::operator=(const BitImage& other) {
  if (this == &other) return *this;
  reset(other.rows_, other.cols_);
  for (index_t r = 0; r < rows_; ++r) std::copy_n(other.row(r), words_, row(r));
  return *this;
}

bool operator==(const BitImage& a, const BitImage& b) {
  if (a.rows_ != b.rows_ || a.cols_ != b.cols_) return false;
  for (index_t r = 0; r < a.rows_; ++r) {
    if (!std::equal(a.row(r), a.row(r) + a.words_, b.row(r))) return false;
  }
  return true;
}

index_t BitImage::count() const {
  index_t ones = 0;
  for (index_t r = 0; r < rows_; ++r) {
    const std::uint64_t* words = row(r);
    ones += count_ones(used_words(), [words](index_t k) { return words[k]; });
  }
  return ones;
}

void pack(ImageView<const std::uint8_t> pixels, BitImage& out) {
  out.reset(pixels.rows(), pixels.cols());
  for (index_t r = 0; r < pixels.rows(); ++r) {
    const std::uint8_t* in = pixels.row(r);
    std::uint64_t* words = out.row(r);
    const index_t whole = pixels.cols() / 8;
    for (index_t byte = 0; byte < whole; ++byte) {
      std::uint64_t eight = 0;
      std::copy_n(in + 8 * byte, 8, reinterpret_cast<std::uint8_t*>(&eight));
      words[byte / 8] |= gather_low_bits(nonzero_bytes(eight)) << (byte % 8 * 8);
    }
    for (index_t c = 8 * whole; c < pixels.cols(); ++c) {
      if (in[c] != 0) out.set(r, c);
    }
  }
}

void unpack(const BitImage& bits, ImageView<std::uint8_t> out) {
  require_same_shape(bits, "bits", out, "out");
  for (index_t r = 0; r < bits.rows(); ++r) {
    std::uint8_t* pixels = out.row(r);
    std::fill_n(pixels, bits.cols(), std::uint8_t{0});
    for_each_one(bits, r, [&](index_t c) { pixels[c] = 1; });
  }
}

void complement(const BitImage& bits, BitImage& out) {
  if (&out != &bits) out.reset(bits.rows(), bits.cols());
  for (index_t r = 0; r < bits.rows(); ++r) {
    for (index_t k = 0; k < bits.used_words(); ++k) out.row(r)[k] = ~bits.row(r)[k];
    if (bits.used_words() > 0) out.row(r)[bits.used_words() - 1] &= bits.last_word_mask();
  }
}

}  // namespace gftcore
