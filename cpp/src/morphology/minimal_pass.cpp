// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/minimal_pass.hpp"

#include <algorithm>
#include <vector>

#include "simple_point.hpp"

namespace gftcore {
namespace {

/// Eight neighbours of 64 pixels of a row.
struct Neighbours {
  std::uint64_t nw, n, ne, w, e, sw, s, se;

  Neighbours(const std::uint64_t* above, const std::uint64_t* here, const std::uint64_t* below,
             index_t k)
      : nw(west(above, k)), n(above[k]), ne(east(above, k)), w(west(here, k)), e(east(here, k)),
        sw(west(below, k)), s(below[k]), se(east(below, k)) {}

  /// Redundant if on: two or more neighbours, and exactly one of four crossings.
  std::uint64_t redundant() const {
    const std::uint64_t a = ~n & (ne | e);
    const std::uint64_t b = ~e & (se | s);
    const std::uint64_t c = ~s & (sw | w);
    const std::uint64_t d = ~w & (nw | n);
    const std::uint64_t one_crossing = (a ^ b ^ c ^ d) & ~((a & b) | (c & d));
    const std::uint64_t two_neighbours = (n & (ne | e)) | (ne & e) | (s & (sw | w)) | (sw & w) |
                                         (nw & se) | ((n | ne | e) & (s | sw | w)) |
                                         ((nw | se) & (n | ne | e | s | sw | w));
    return one_crossing & two_neighbours;
  }

 private:
  static std::uint64_t west(const std::uint64_t* row, index_t k) {
    return row[k] << 1 | row[k - 1] >> 63;
  }
  static std::uint64_t east(const std::uint64_t* row, index_t k) {
    return row[k] >> 1 | row[k + 1] << 63;
  }
};

/// Sweep one row; true if it lost a pixel. Words are tested as they stood before the row's own
/// removals, so a pixel right of a removed one is tested anew.
bool sweep_row(BitImage& image, index_t r, std::span<const index_t> anchors) {
  const std::uint64_t* above = image.row(r - 1);
  std::uint64_t* here = image.row(r);
  const std::uint64_t* below = image.row(r + 1);
  bool lost = false;
  std::uint64_t retest = 0;
  for (index_t k = 0; k < image.used_words(); ++k) {
    if (here[k] == 0) {
      retest = 0;
      continue;
    }
    std::uint64_t candidates = here[k] & (Neighbours(above, here, below, k).redundant() | retest);
    retest = 0;
    while (candidates != 0) {
      const int bit = std::countr_zero(candidates);
      candidates &= candidates - 1;
      const index_t c = 64 * k + bit;
      if (!kRedundant[window_code(image, r, c)]) continue;
      if (std::ranges::binary_search(anchors, r * image.cols() + c)) continue;
      here[k] &= ~(std::uint64_t{1} << bit);
      lost = true;
      if (bit == 63) {
        retest = 1;
      } else {
        candidates |= here[k] & (std::uint64_t{2} << bit);
      }
    }
  }
  return lost;
}

}  // namespace

void minimal_pass(BitImage& skeleton, std::span<const index_t> anchors) {
  // dirty[r + 1]: row r lost pixels since the rows around it were last swept.
  const auto rows = static_cast<std::size_t>(skeleton.rows());
  std::vector<std::uint8_t> dirty(rows + 2, 1);
  std::vector<std::uint8_t> lost(rows + 2, 0);
  for (bool any = true; any;) {
    any = false;
    for (std::size_t r = 0; r < rows; ++r) {
      if ((dirty[r] | dirty[r + 1] | dirty[r + 2] | lost[r]) == 0) continue;
      lost[r + 1] = static_cast<std::uint8_t>(sweep_row(skeleton, static_cast<index_t>(r), anchors));
      any |= lost[r + 1] != 0;
    }
    std::swap(dirty, lost);
    std::ranges::fill(lost, std::uint8_t{0});
  }
}

}  // namespace gftcore
