// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/minimal_pass.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "simple_point.hpp"
#include "sweep_near.hpp"

namespace gftcore {
namespace {

/// Eight neighbours of 64 pixels of a row.
struct Neighbours {
  std::uint64_t nw, n, ne, w, e, sw, s, se;

  Neighbours(const std::uint64_t* above,
             const std::uint64_t* here,
             const std::uint64_t* below,
             index_t k)
      : nw(west(above, k)),
        n(above[k]),
        ne(east(above, k)),
        w(west(here, k)),
        e(east(here, k)),
        sw(west(below, k)),
        s(below[k]),
        se(east(below, k)) {}

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

class MinimalPass {
 public:
  MinimalPass(BitImage& image, std::span<const index_t> anchors)
      : image_(image), anchors_(anchors) {}

  void run() {
    for (index_t r = 0; r < image_.rows(); ++r) sweep_row(r);
    sweep_near(
        std::move(passed_),
        [this](index_t pixel) { return remove(pixel / image_.cols(), pixel % image_.cols()); },
        [this](index_t pixel, auto visit) {
          const index_t r = pixel / image_.cols();
          const index_t c = pixel % image_.cols();
          for_each_redundant_before(r, c, visit);
          visit_redundant(r, c + 1, visit);
          for (index_t col = c - 1; col <= c + 1; ++col) visit_redundant(r + 1, col, visit);
        });
  }

 private:
  /// Words are tested as they stood before the row's own removals, so a pixel right of a removed
  /// one is tested anew.
  void sweep_row(index_t r) {
    const std::uint64_t* above = image_.row(r - 1);
    const std::uint64_t* here = image_.row(r);
    const std::uint64_t* below = image_.row(r + 1);
    std::uint64_t retest = 0;
    for (index_t k = 0; k < image_.used_words(); ++k) {
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
        if (!remove(r, c)) continue;
        for_each_redundant_before(r, c, [this](index_t pixel) { passed_.push_back(pixel); });
        if (bit == 63) {
          retest = 1;
        } else {
          candidates |= here[k] & (std::uint64_t{2} << bit);
        }
      }
    }
  }

  bool remove(index_t r, index_t c) {
    if (!kRedundant[window_code(image_, r, c)]) return false;
    if (std::ranges::binary_search(anchors_, r * image_.cols() + c)) return false;
    image_.clear(r, c);
    return true;
  }

  /// visit(pixel) for the redundant ones among NW, N, NE and W, which a sweep has passed already.
  template <class Visit>
  void for_each_redundant_before(index_t r, index_t c, Visit visit) const {
    for (index_t col = c - 1; col <= c + 1; ++col) visit_redundant(r - 1, col, visit);
    visit_redundant(r, c - 1, visit);
  }

  template <class Visit>
  void visit_redundant(index_t r, index_t c, Visit visit) const {
    if (image_.test(r, c) && kRedundant[window_code(image_, r, c)]) visit(r * image_.cols() + c);
  }

  BitImage& image_;
  std::span<const index_t> anchors_;
  std::vector<index_t> passed_;  // redundant now, but not when the sweep passed them
};

}  // namespace

void minimal_pass(BitImage& skeleton, std::span<const index_t> anchors) {
  MinimalPass(skeleton, anchors).run();
}

}  // namespace gftcore
