// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/disc_opening.hpp"

namespace gftcore {
namespace {

using Word = std::uint64_t;

/// Half widths of the disc's rows at distance 0..4 from its centre row are 4, 3, 3, 2, 0.
/// Spread every one of `row` by 2, 3 and 4 columns to both sides.
void spread_row(const Word* row, index_t words, Word* by2, Word* by3, Word* by4) {
  for (index_t k = 0; k < words; ++k) {
    const Word left = row[k - 1];
    const Word here = row[k];
    const Word right = row[k + 1];
    const Word two = here | here << 1 | left >> 63 | here << 2 | left >> 62 | here >> 1 |
                     right << 63 | here >> 2 | right << 62;
    const Word three = two | here << 3 | left >> 61 | here >> 3 | right << 61;
    by2[k] = two;
    by3[k] = three;
    by4[k] = three | here << 4 | left >> 60 | here >> 4 | right << 60;
  }
}

/// out = what the disc covers when its centre walks over the ones of `in`, for rows of the image
/// alone; bits past the last column are left unspecified.
template <class Store>
void dilate_by_disc(const BitImage& in, BitImage* spread, Store store) {
  const index_t words = in.used_words();
  for (int i = 0; i < 3; ++i) spread[i].reset(in.rows(), in.cols());
  for (index_t r = 0; r < in.rows(); ++r) {
    spread_row(in.row(r), words, spread[0].row(r), spread[1].row(r), spread[2].row(r));
  }
  const index_t last = in.rows();
  // Rows outside the image are the zero guard row.
  const auto at = [last](const BitImage& bits, index_t r) {
    return bits.row(r < 0 || r > last ? -1 : r);
  };
  for (index_t r = 0; r < in.rows(); ++r) {
    const Word* a = at(in, r - 4);
    const Word* b = at(spread[0], r - 3);
    const Word* c = at(spread[1], r - 2);
    const Word* d = at(spread[1], r - 1);
    const Word* e = at(spread[2], r);
    const Word* f = at(spread[1], r + 1);
    const Word* g = at(spread[1], r + 2);
    const Word* h = at(spread[0], r + 3);
    const Word* i = at(in, r + 4);
    store(r,
          [=](index_t k) { return a[k] | b[k] | c[k] | d[k] | e[k] | f[k] | g[k] | h[k] | i[k]; });
  }
}

}  // namespace

void open_by_disc(const BitImage& in, BitImage& out, OpeningScratch& scratch) {
  // Eroding is dilating the zeros inside the image: pixels outside then erode nothing.
  BitImage& zeros = scratch.outside;
  complement(in, zeros);
  out.reset(in.rows(), in.cols());
  const index_t words = in.used_words();
  const Word last_mask = in.last_word_mask();
  dilate_by_disc(zeros, scratch.spread, [&](index_t r, auto covered) {
    Word* row = out.row(r);
    for (index_t k = 0; k < words; ++k) row[k] = ~covered(k);
    if (words > 0) row[words - 1] &= last_mask;
  });
  BitImage& eroded = zeros;
  eroded = out;
  dilate_by_disc(eroded, scratch.spread, [&](index_t r, auto covered) {
    Word* row = out.row(r);
    for (index_t k = 0; k < words; ++k) row[k] = covered(k);
    if (words > 0) row[words - 1] &= last_mask;
  });
}

}  // namespace gftcore
