// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace gftcore::simd {

/// The neighbourhood of image row r as rows of bits (bit i of word k is column 64 k + i); each row
/// has one readable word before and after it.
///
/// Links tell which pixels share their region with the neighbour to the east, south east, south
/// and south west. Without links (`linked` false), neighbouring pixels always do.
struct ContourJob {
  std::ptrdiff_t words;
  bool linked;
  const std::uint64_t* pixels[3];      // rows r, r + 1, r + 2
  const std::uint64_t* east[2];        // rows r, r + 1
  const std::uint64_t* south[3];       // rows r - 1, r, r + 1
  const std::uint64_t* south_east[2];  // rows r - 1, r
  const std::uint64_t* south_west[2];  // rows r - 1, r
  std::uint64_t* contour[3];           // rows r - 1, r, r + 1; the last one is written
  std::uint64_t* classes[3];           // scratch
  const std::int32_t* runs;            // row, begin, end of each run of row r
  const std::int32_t* labels;          // of the runs; 0 = skip
  std::ptrdiff_t num_runs;
  std::int32_t* sums;  // straight, diagonal, mixed of label 1, 2, ..; added to
};

/// Find the contour of row r + 1, then count the classes of row r's contour pixels run by run.
void contour_row_scalar(const ContourJob& job);
void contour_row_avx2(const ContourJob& job);
void contour_row_avx512(const ContourJob& job);

}  // namespace gftcore::simd
