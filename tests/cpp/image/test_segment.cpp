// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "../drawing.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/image/resize.hpp"
#include "gftcore/image/segment.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

GreyImage with_line() {
  GreyImage image = noise(40, 50, 10);
  for (float& x : image.pixels) x *= 0.1F;
  for (index_t c = 0; c < 50; ++c) image(20, c) = 1;
  return image;
}

SegmentOptions ridge_options() {
  SegmentOptions options;
  options.method = SegmentMethod::ridge;
  return options;
}

SegmentOptions contrast_options() {
  SegmentOptions options;
  options.method = SegmentMethod::local_contrast;
  return options;
}

const std::array kMethods{SegmentOptions{}, contrast_options(), ridge_options()};

TEST_CASE("all methods find a line, and bytes equal bits") {
  for (const SegmentOptions& options : kMethods) {
    for (const Target target : available_targets()) {
      SegmentScratch scratch;
      BitImage mask;
      segment(with_line().view(), options, mask, scratch, target);
      REQUIRE(mask.rows() == 160);
      REQUIRE(mask.cols() == 200);
      for (index_t c = 0; c < 200; ++c) REQUIRE(mask.test(82, c));
      CHECK(scratch.response.size() == 160 * 200);

      std::vector<std::uint8_t> bytes;
      segment(with_line().view(), options, bytes, scratch, target);
      std::vector<std::uint8_t> expected(160 * 200);
      unpack(mask, {expected.data(), 160, 200});
      CHECK(bytes == expected);
    }
  }
}

TEST_CASE("a used scratch gives the same bytes as a new one") {
  SegmentScratch used;
  BitImage mask;
  BitImage expected;
  segment(noise(90, 30, 11).view(), ridge_options(), mask, used);
  for (const SegmentOptions& options : kMethods) {
    SegmentScratch fresh;
    segment(with_line().view(), options, mask, used);
    segment(with_line().view(), options, expected, fresh);
    CHECK(mask == expected);
  }
}

TEST_CASE("leaving the response out changes no pixel") {
  for (const SegmentOptions& method : kMethods) {
    for (const Target target : available_targets()) {
      for (index_t scale = 1; scale <= kMaxScale; ++scale) {
        SegmentOptions options = method;
        options.scale = scale;
        options.min_object_px = 0;
        SegmentScratch with;
        SegmentScratch without;
        without.keep_response = false;
        BitImage expected;
        BitImage mask;
        segment(noise(29, 41, 13).view(), options, expected, with, target);
        segment(noise(29, 41, 13).view(), options, mask, without, target);
        CHECK(mask.count() > 0);
        CHECK(mask == expected);
      }
    }
  }
}

TEST_CASE("one pixel and one value have no vessels") {
  for (const index_t side : {1, 2, 9}) {
    for (SegmentOptions options : kMethods) {
      for (const RidgeThreshold threshold :
           {RidgeThreshold::quantile, RidgeThreshold::otsu, RidgeThreshold::value}) {
        options.ridge_threshold = threshold;
        options.min_object_px = 0;
        SegmentScratch scratch;
        BitImage mask;
        segment(GreyImage(side, side, 7.0F).view(), options, mask, scratch);
        CHECK(mask.rows() == 4 * side);
        CHECK(mask.count() == 0);
      }
    }
  }
}

/// Whether a labelling is that of a mask's 8-connected components.
void check_labelled(const BitImage& mask, const Labelling& objects) {
  Labelling want;
  label_runs(mask, Connectivity::eight, want);
  CHECK(objects.count == want.count);
  CHECK(objects.row_ptr == want.row_ptr);
  CHECK(objects.label_of_run == want.label_of_run);
  REQUIRE(objects.runs.size() == want.runs.size());
  for (std::size_t i = 0; i < want.runs.size(); ++i) {
    CHECK(objects.runs[i].row == want.runs[i].row);
    CHECK(objects.runs[i].begin == want.runs[i].begin);
    CHECK(objects.runs[i].end == want.runs[i].end);
  }
}

TEST_CASE("objects are 8-connected, and those below the limit go") {
  const BitImage before = drawn({
      "##...#",
      "..#..#",
      "......",
      ".#....",
  });
  Labelling objects;
  std::vector<index_t> area_px;
  for (const auto& [limit, left] : {std::pair{0, 6}, {1, 6}, {2, 5}, {3, 3}, {4, 0}}) {
    BitImage mask = before;
    drop_small_objects(mask, limit, objects, area_px);
    CHECK(mask.count() == left);
    check_labelled(mask, objects);
  }
}

TEST_CASE("the objects that stay are numbered anew") {
  std::mt19937 random(5);
  Labelling objects;
  std::vector<index_t> area_px;
  for (const double density : {0.05, 0.3, 0.5, 0.6}) {
    BitImage mask(70, 150);
    for (index_t r = 0; r < mask.rows(); ++r) {
      for (index_t c = 0; c < mask.cols(); ++c) {
        if (std::bernoulli_distribution(density)(random)) mask.set(r, c);
      }
    }
    for (const index_t limit : {0, 3, 12}) {
      drop_small_objects(mask, limit, objects, area_px);
      check_labelled(mask, objects);
    }
  }
}

TEST_CASE("objects that span words go whole") {
  Labelling objects;
  std::vector<index_t> area_px;
  for (const index_t begin : {0, 1, 63, 64}) {
    for (const index_t end : {65, 127, 128, 129, 192, 200}) {
      BitImage mask(1, 200);
      for (index_t c = begin; c < end; ++c) mask.set(0, c);
      drop_small_objects(mask, 1000, objects, area_px);
      CHECK(mask.count() == 0);
    }
  }
}

TEST_CASE("options out of range are refused, also those of the other methods") {
  const std::vector<std::function<void(SegmentOptions&)>> breaks{
      [](SegmentOptions& o) { o.scale = 0; },
      [](SegmentOptions& o) { o.scale = 9; },
      [](SegmentOptions& o) { o.min_object_px = -1; },
      [](SegmentOptions& o) { o.oriented_sigma = 3; },
      [](SegmentOptions& o) { o.oriented_threshold = kNan; },
      [](SegmentOptions& o) { o.local_contrast_sigma = 0; },
      [](SegmentOptions& o) { o.contrast_threshold = kNan; },
      [](SegmentOptions& o) { o.ridge_sigmas_px.clear(); },
      [](SegmentOptions& o) {
        o.ridge_sigmas_px = {3.0, kNan};
      },
      [](SegmentOptions& o) { o.ridge_quantile = 1.5; },
      [](SegmentOptions& o) { o.ridge_value = kNan; },
  };
  SegmentScratch scratch;
  BitImage mask;
  const GreyImage image(4, 4);
  for (const auto& spoil : breaks) {
    SegmentOptions options;
    spoil(options);
    CHECK_THROWS_AS(segment(image.view(), options, mask, scratch), ValueError);
  }
  CHECK_THROWS_AS(segment(GreyImage(0, 4).view(), {}, mask, scratch), ShapeError);
  CHECK_THROWS_AS(segment(GreyImage(1, 8192).view(), {}, mask, scratch), ShapeError);
}

}  // namespace
}  // namespace gftcore
