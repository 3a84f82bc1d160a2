// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "../drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "gftcore/morphology/thinning.hpp"
#include "plain_thinning.hpp"
#include "random_image.hpp"

namespace gftcore {
namespace {

using Pixels = std::vector<index_t>;

struct Distance {
  std::vector<std::int32_t> pixels;
  ImageView<const std::int32_t> view;

  explicit Distance(const BitImage& mask)
      : pixels(static_cast<std::size_t>(mask.rows() * mask.cols())),
        view(pixels.data(), mask.rows(), mask.cols()) {
    DistanceScratch scratch;
    squared_distance(mask, Frame::none, {pixels.data(), mask.rows(), mask.cols()}, scratch);
  }
};

BitImage thinned(const BitImage& mask,
                 SkeletonMethod method,
                 Target target,
                 const Pixels& anchors = {}) {
  const Distance distance(mask);
  BitImage out;
  ThinScratch scratch;
  thin(mask, method, anchors, distance.view, out, scratch, target);
  return out;
}

BitImage frame_of(const BitImage& mask) {
  BitImage frame(mask.rows(), mask.cols());
  for (index_t r = 0; r < mask.rows(); ++r) {
    for (index_t c = 0; c < mask.cols(); ++c) {
      if (r == 0 || c == 0 || r == mask.rows() - 1 || c == mask.cols() - 1) frame.set(r, c);
    }
  }
  return frame;
}

/// The definition, pixel by pixel; not for zhang_skimage, whose definition is a table.
BitImage expected(const BitImage& mask, SkeletonMethod method, const Pixels& anchors) {
  if (method == SkeletonMethod::zhang_opencv) {
    return plain::parallel(mask, frame_of(mask), plain::zhang_suen);
  }
  if (method == SkeletonMethod::guohall_opencv) {
    return plain::parallel(mask, frame_of(mask), plain::guo_hall);
  }
  Pixels order = plain::raster_order(mask);
  if (method == SkeletonMethod::ordered) {
    const Distance distance(mask);
    std::ranges::stable_sort(
        order, {}, [&](index_t pixel) { return distance.pixels[static_cast<std::size_t>(pixel)]; });
    return plain::sequential(mask, order, anchors);
  }
  BitImage frozen(mask.rows(), mask.cols());
  for (const index_t anchor : anchors) frozen.set(anchor / mask.cols(), anchor % mask.cols());
  return plain::sequential(plain::parallel(mask, frozen, plain::guo_hall), order, anchors);
}

constexpr SkeletonMethod kDefined[] = {SkeletonMethod::fast,
                                       SkeletonMethod::ordered,
                                       SkeletonMethod::zhang_opencv,
                                       SkeletonMethod::guohall_opencv};
constexpr SkeletonMethod kAll[] = {SkeletonMethod::fast,
                                   SkeletonMethod::ordered,
                                   SkeletonMethod::zhang_skimage,
                                   SkeletonMethod::zhang_opencv,
                                   SkeletonMethod::guohall_opencv};

TEST_CASE("every target equals the definition (exact)") {
  std::mt19937 random(5);
  for (int trial = 0; trial < 120; ++trial) {
    const auto rows = 1 + static_cast<index_t>(random() % 60);
    const auto cols = 1 + static_cast<index_t>(random() % (trial % 8 == 0 ? 1100 : 200));
    const BitImage mask = trial % 3 == 0 ? noise_image(rows, cols, 0.3 + 0.1 * (trial % 7), random)
                                         : disc_image(rows, cols, random);
    const Pixels anchors = border_anchors(mask);
    for (const SkeletonMethod method : kDefined) {
      const BitImage answer = expected(mask, method, anchors);
      for (const Target target : available_targets()) {
        CHECK(thinned(mask, method, target, anchors) == answer);
      }
    }
  }
}

TEST_CASE("every target equals scalar where a table is the definition (exact)") {
  std::mt19937 random(6);
  for (int trial = 0; trial < 60; ++trial) {
    const BitImage mask = disc_image(
        1 + static_cast<index_t>(random() % 90), 1 + static_cast<index_t>(random() % 1100), random);
    const BitImage answer = thinned(mask, SkeletonMethod::zhang_skimage, Target::scalar);
    for (const Target target : available_targets()) {
      CHECK(thinned(mask, SkeletonMethod::zhang_skimage, target) == answer);
    }
  }
}

TEST_CASE("a 2 x 2 square: ours keeps a pixel, textbook Zhang-Suen none (exact)") {
  const BitImage square = drawn({"....", ".##.", ".##.", "...."});
  for (const Target target : available_targets()) {
    CHECK(thinned(square, SkeletonMethod::fast, target).count() > 0);
    CHECK(thinned(square, SkeletonMethod::ordered, target).count() > 0);
    CHECK(thinned(square, SkeletonMethod::zhang_opencv, target).count() == 0);
  }
}

TEST_CASE("a bar that leaves the image keeps its ends at the anchors (exact)") {
  const BitImage bar = drawn({"........", "########", "########", "########", "........"});
  const BitImage line = drawn({"........", "........", "########", "........", "........"});
  for (const Target target : available_targets()) {
    CHECK(thinned(bar, SkeletonMethod::fast, target, border_anchors(bar)) == line);
    CHECK(thinned(bar, SkeletonMethod::fast, target).count() < 8);
  }
}

TEST_CASE("reused memory does not leak between images (exact)") {
  std::mt19937 random(7);
  ThinScratch scratch;
  BitImage out;
  for (int trial = 0; trial < 40; ++trial) {
    const BitImage mask = disc_image(
        1 + static_cast<index_t>(random() % 70), 1 + static_cast<index_t>(random() % 700), random);
    const Distance distance(mask);
    const SkeletonMethod method = kAll[static_cast<std::size_t>(trial % 5)];
    thin(mask, method, {}, distance.view, out, scratch);
    CHECK(out == thinned(mask, method, Target::scalar));
  }
}

TEST_CASE("distances of any size sort alike (exact)") {
  std::mt19937 random(8);
  const BitImage mask = noise_image(40, 90, 0.7, random);
  std::vector<std::int32_t> far(40 * 90);
  for (auto& d : far) d = static_cast<std::int32_t>(random() % 0x7fffffffU);
  far[7] = std::numeric_limits<std::int32_t>::max();
  Pixels order = plain::raster_order(mask);
  std::ranges::stable_sort(order, {}, [&](index_t p) { return far[static_cast<std::size_t>(p)]; });
  BitImage out;
  ThinScratch scratch;
  thin(mask, SkeletonMethod::ordered, {}, {far.data(), 40, 90}, out, scratch);
  CHECK(out == plain::sequential(mask, order, {}));
}

TEST_CASE("empty, full and one pixel wide images") {
  for (const SkeletonMethod method : kAll) {
    for (const Target target : available_targets()) {
      CHECK(thinned(BitImage(0, 0), method, target).rows() == 0);
      CHECK(thinned(BitImage(0, 5), method, target).cols() == 5);
      CHECK(thinned(BitImage(5, 0), method, target).rows() == 5);
      CHECK(thinned(BitImage(40, 600), method, target).count() == 0);
      CHECK(thinned(full_image(1, 1), method, target).count() == 1);
      CHECK(thinned(full_image(60, 600), method, target).count() > 0);
      const BitImage row = full_image(1, 1300);
      const BitImage column = full_image(1300, 1);
      if (method == SkeletonMethod::zhang_skimage) continue;
      CHECK(thinned(row, method, target) == row);
      CHECK(thinned(column, method, target) == column);
    }
  }
}

TEST_CASE("ordered wants the mask's distance") {
  BitImage out;
  ThinScratch scratch;
  std::vector<std::int32_t> pixels(6);
  CHECK_THROWS_AS(
      thin(BitImage(3, 3), SkeletonMethod::ordered, {}, {pixels.data(), 2, 3}, out, scratch),
      ShapeError);
}

}  // namespace
}  // namespace gftcore
