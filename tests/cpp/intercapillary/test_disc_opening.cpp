// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/disc_opening.hpp"

#include <doctest/doctest.h>

#include "figures.hpp"

namespace gftcore {
namespace {

using test::Labels;

/// 1 where some, or every, pixel of the disc inside the image equals `wanted`.
Labels scan(const Labels& in, label_t wanted) {
  Labels out(in.rows, in.cols);
  for (index_t r = 0; r < in.rows; ++r) {
    for (index_t c = 0; c < in.cols; ++c) {
      for (index_t i = -4; i <= 4; ++i) {
        for (index_t j = -4; j <= 4; ++j) {
          const bool inside = r + i >= 0 && r + i < in.rows && c + j >= 0 && c + j < in.cols;
          if (inside && i * i + j * j <= 16 && in.get(r + i, c + j) == wanted) out.at(r, c) = 1;
        }
      }
    }
  }
  return out;
}

BitImage slow_opening(const Labels& in) {
  Labels eroded = scan(in, 0);
  for (label_t& pixel : eroded.pixels) pixel = 1 - pixel;
  return scan(eroded, 1).ones();
}

}  // namespace

TEST_CASE("disc opening: equals the definition") {
  OpeningScratch scratch;
  std::uint32_t seed = 1;
  for (const index_t cols : {1, 5, 63, 64, 65, 129}) {
    for (const index_t rows : {1, 4, 9, 40}) {
      for (const label_t sparse : {1, 30, 200}) {
        Labels labels = test::random_labels(rows, cols, sparse, seed++);
        if (sparse > 1) {
          for (label_t& pixel : labels.pixels) pixel = pixel != 0 ? 1 : 0;
        }
        BitImage out;
        open_by_disc(labels.ones(), out, scratch);
        CHECK(out == slow_opening(labels));
      }
    }
  }
}

TEST_CASE("disc opening: all, nothing, and no pixels") {
  OpeningScratch scratch;
  BitImage out;
  BitImage ones;
  complement(BitImage(10, 70), ones);
  open_by_disc(ones, out, scratch);
  CHECK(out == ones);
  open_by_disc(BitImage(10, 70), out, scratch);
  CHECK(out.count() == 0);
  open_by_disc(BitImage(0, 0), out, scratch);
  CHECK(out.rows() == 0);
}

}  // namespace gftcore
