// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// POD only: this header is read by files that are compiled for other instruction sets.
namespace gftcore::simd {

/// Which pixels a pass deletes.
enum class ThinRule : std::uint8_t {
  guo_hall_first,
  guo_hall_second,
  zhang_suen_first,
  zhang_suen_second,
  skimage_first,
  skimage_second,
};

/// One parallel pass over bit images of the same shape: target = source without the deleted ones,
/// decided on the source alone.
///
/// A block is 512 pixels of one row; bit k of its byte in `active` or `changed` is its 64-pixel
/// word k. These bytes are stored block column by block column, activity_stride apart. Only
/// active words must be written; elsewhere target must equal source already. `changed` is or-ed
/// with the words in which something was deleted.
struct ThinPass {
  const std::uint64_t* source;  // word 0 of row 0; guards are readable and zero
  std::uint64_t* target;
  const std::uint64_t* frozen;  // ones are never deleted
  std::int64_t rows;
  std::int64_t blocks;      // 512-pixel blocks of a row
  std::int64_t row_stride;  // words from one row to the next
  const std::uint8_t* active;
  std::uint8_t* changed;
  std::int64_t activity_stride;
  ThinRule rule;
};

/// Each returns whether anything was deleted; all write the same bits in active words.
bool thin_pass_scalar(const ThinPass& pass);
bool thin_pass_avx2(const ThinPass& pass);
bool thin_pass_avx512(const ThinPass& pass);

}  // namespace gftcore::simd
