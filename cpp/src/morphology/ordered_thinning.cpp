// SPDX-License-Identifier: Apache-2.0
#include "ordered_thinning.hpp"

#include <algorithm>

#include "simple_point.hpp"

namespace gftcore {
namespace {

/// Above this the histogram would cost more than sorting.
constexpr std::int32_t kMaxBucket = 1 << 16;

template <class Visit>
void for_each_pixel(const BitImage& image, Visit visit) {
  for (index_t r = 0; r < image.rows(); ++r) {
    for_each_one(image, r, [&](index_t c) { visit(r * image.cols() + c); });
  }
}

/// Pixels by (squared distance, raster index): a counting sort, or for far distances a plain one.
void sort_pixels(const BitImage& image, const std::int32_t* distance, ThinScratch& scratch) {
  std::int32_t farthest = 0;
  index_t count = 0;
  for_each_pixel(image, [&](index_t pixel) {
    farthest = std::max(farthest, distance[pixel]);
    ++count;
  });
  scratch.order.resize(static_cast<std::size_t>(count));
  if (farthest > kMaxBucket) {
    scratch.keys.clear();
    for_each_pixel(image, [&](index_t pixel) {
      scratch.keys.push_back(std::int64_t{distance[pixel]} << 32 | pixel);
    });
    std::ranges::sort(scratch.keys);
    std::ranges::transform(scratch.keys, scratch.order.begin(), [](std::int64_t key) {
      return static_cast<std::int32_t>(key & 0xffffffff);
    });
    return;
  }
  scratch.bucket.assign(static_cast<std::size_t>(farthest) + 2, 0);
  for_each_pixel(image, [&](index_t pixel) {
    ++scratch.bucket[static_cast<std::size_t>(distance[pixel]) + 1];
  });
  for (std::size_t d = 1; d < scratch.bucket.size(); ++d) scratch.bucket[d] += scratch.bucket[d - 1];
  for_each_pixel(image, [&](index_t pixel) {
    index_t& next = scratch.bucket[static_cast<std::size_t>(distance[pixel])];
    scratch.order[static_cast<std::size_t>(next++)] = static_cast<std::int32_t>(pixel);
  });
}

/// The pixels around (r, c) must be looked at again.
void mark_neighbours(BitImage& retest, index_t r, index_t c) {
  for (index_t row = std::max<index_t>(r - 1, 0); row <= std::min(r + 1, retest.rows() - 1); ++row) {
    for (index_t col = std::max<index_t>(c - 1, 0); col <= std::min(c + 1, retest.cols() - 1);
         ++col) {
      retest.set(row, col);
    }
  }
}

}  // namespace

void thin_ordered(BitImage& image, std::span<const index_t> anchors,
                  ImageView<const std::int32_t> squared_distance, ThinScratch& scratch) {
  sort_pixels(image, squared_distance.data(), scratch);
  BitImage& frozen = scratch.frozen;
  frozen.reset(image.rows(), image.cols());
  for (const index_t anchor : anchors) frozen.set(anchor / image.cols(), anchor % image.cols());
  BitImage& retest = scratch.other;
  retest = image;
  const auto cols = static_cast<std::int32_t>(image.cols());
  std::size_t left = scratch.order.size();
  for (bool changed = true; changed;) {
    changed = false;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < left; ++i) {
      const std::int32_t pixel = scratch.order[i];
      const index_t r = pixel / cols;
      const index_t c = pixel % cols;
      if (retest.test(r, c)) {
        retest.clear(r, c);
        if (kRedundant[window_code(image, r, c)] && !frozen.test(r, c)) {
          image.clear(r, c);
          mark_neighbours(retest, r, c);
          changed = true;
          continue;
        }
      }
      scratch.order[kept++] = pixel;
    }
    left = kept;
  }
}

}  // namespace gftcore
