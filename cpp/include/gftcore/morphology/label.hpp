// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Which pixels touch: the four that share a side, or also the four that share a corner.
enum class Connectivity : std::uint8_t { four = 4, eight = 8 };

/// A maximal horizontal stretch of ones: columns begin <= c < end of one row.
struct Run {
  std::int32_t row;
  std::int32_t begin;
  std::int32_t end;
};

/// The connected components of a binary image as labelled runs.
///
/// Runs are in raster order; those of row r are runs[row_ptr[r] .. row_ptr[r + 1]). Labels are
/// 1..count, ascending with the raster index of each component's first pixel.
struct Labelling {
  index_t rows = 0;
  index_t cols = 0;
  std::vector<Run> runs;
  std::vector<index_t> row_ptr;       // [rows + 1]
  std::vector<label_t> label_of_run;  // [runs]
  label_t count = 0;
};

/// Label the ones of `image`. Memory of `out` is reused; its former content is lost. An image
/// without ones, or without pixels, gives no runs and count 0. The same answer on every machine.
/// O(H*W/64 + runs) up to the inverse Ackermann factor of the union-find.
/// Throws ShapeError when a side is longer than kMaxClosedSide.
void label_runs(const BitImage& image, Connectivity connectivity, Labelling& out);

/// Write every pixel's label, 0 where the labelled image has a zero. O(H*W).
/// Throws ShapeError unless the shapes agree.
void paint(const Labelling& labelling, ImageView<label_t> out);

/// Label of pixel (row, col), 0 off the labelled ones. Binary search in the row's runs.
/// The pixel must lie inside the image.
label_t label_at(const Labelling& labelling, index_t row, index_t col);

}  // namespace gftcore
