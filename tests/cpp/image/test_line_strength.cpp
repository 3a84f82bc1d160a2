// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/line_strength.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

using Doubles = std::vector<double>;

struct Field {
  index_t rows;
  index_t cols;
  Doubles values;

  double seen(index_t r, index_t c) const {
    return values[static_cast<std::size_t>(mirrored_index(r, rows) * cols +
                                           mirrored_index(c, cols))];
  }
};

Field correlated(const Field& field, const Doubles& taps, bool down) {
  const auto reach = static_cast<index_t>(taps.size() / 2);
  Field out{field.rows, field.cols, {}};
  for (index_t r = 0; r < field.rows; ++r) {
    for (index_t c = 0; c < field.cols; ++c) {
      double sum = 0;
      for (index_t t = -reach; t <= reach; ++t) {
        sum += taps[static_cast<std::size_t>(t + reach)] *
               (down ? field.seen(r + t, c) : field.seen(r, c + t));
      }
      out.values.push_back(sum);
    }
  }
  return out;
}

/// By the definition, in double.
Doubles by_definition(const GreyImage& image, const LineOptions& o) {
  Field p{image.rows, image.cols, {}};
  for (const float x : image.pixels) {
    const double y = double{o.slope} * double{x} + double{o.offset};
    p.values.push_back(o.clip ? std::clamp(y, 0.0, 1.0) : double{x});
  }
  const auto reach = static_cast<index_t>(std::ceil(kLineReach * o.sigma_px));
  const auto derivative = [&](int down, int across) {
    const Field half = correlated(p, gaussian_taps(o.sigma_px, across, reach), false);
    return correlated(half, gaussian_taps(o.sigma_px, down, reach), true);
  };
  const Field rr = derivative(2, 0);
  const Field rc = derivative(1, 1);
  const Field cc = derivative(0, 2);

  const index_t s = o.step_px;
  const index_t h = (s + 1) / 2;
  Doubles best(image.pixels.size(), -std::numeric_limits<double>::infinity());
  for (const auto& [d, r] : {std::array{index_t{0}, s},
                             {h, s},
                             {s, s},
                             {s, h},
                             {s, index_t{0}},
                             {s, -h},
                             {s, -s},
                             {h, -s}}) {
    const auto down = static_cast<double>(d);
    const auto right = static_cast<double>(r);
    Field strength{image.rows, image.cols, {}};
    for (std::size_t i = 0; i < best.size(); ++i) {
      const double across = right * right * rr.values[i] - 2 * right * down * rc.values[i] +
                            down * down * cc.values[i];
      strength.values.push_back(-o.sigma_px * o.sigma_px * across / (right * right + down * down));
    }
    for (index_t y = 0; y < image.rows; ++y) {
      for (index_t x = 0; x < image.cols; ++x) {
        const double mean =
            (strength.seen(y - d, x - r) + 2 * strength.seen(y, x) + strength.seen(y + d, x + r)) /
            4;
        double& largest = best[static_cast<std::size_t>(y * image.cols + x)];
        largest = std::max(largest, mean);
      }
    }
  }
  for (std::size_t i = 0; i < best.size(); ++i) {
    best[i] = double{image.pixels[i]} + o.gain * best[i];
  }
  return best;
}

GreyImage with_lines(const GreyImage& image,
                     const LineOptions& options,
                     Target target = active_target()) {
  FilterScratch scratch;
  GreyImage out(image.rows, image.cols);
  add_line_strength(image.view(), options, out.view(), scratch, target);
  return out;
}

TEST_CASE("every target follows the definition, also on images smaller than the taps") {
  const LineOptions plain{.gain = 3.0};
  const LineOptions clipped{
      .sigma_px = 2.1, .step_px = 3, .gain = 0.5, .clip = true, .slope = 2.0F, .offset = -0.5F};
  const LineOptions wide{.sigma_px = 6.0, .step_px = 1};
  for (const auto& [rows, cols] :
       {std::array{1, 1}, {1, 9}, {3, 2}, {2, 70}, {40, 64}, {19, 131}}) {
    const GreyImage image = noise(rows, cols, 12);
    for (const LineOptions& options : {plain, clipped, wide}) {
      const Doubles expected = by_definition(image, options);
      for (const Target target : available_targets()) {
        const GreyImage out = with_lines(image, options, target);
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
          worst = std::max(worst, std::abs(double{out.pixels[i]} - expected[i]));
        }
        CAPTURE(rows);
        CAPTURE(cols);
        CHECK(worst < 1e-5);
      }
    }
  }
}

TEST_CASE("a line answers in every direction, the dark beside it does not") {
  const index_t n = 41;
  for (const auto& [down, right] :
       {std::array{0, 1}, {1, 2}, {1, 1}, {2, 1}, {1, 0}, {2, -1}, {1, -1}, {1, -2}}) {
    GreyImage image(n, n);
    for (index_t k = -40; k <= 40; ++k) {  // twice as dense as the longest step
      const index_t r = 20 + k * down / 2;
      const index_t c = 20 + k * right / 2;
      if (r >= 0 && r < n && c >= 0 && c < n) image(r, c) = 1;
    }
    GreyImage out = with_lines(image, {.gain = 3.0});
    CAPTURE(down);
    CAPTURE(right);
    CHECK(out(20, 20) > 1.5F);
    // Three pixels away at a right angle to the line.
    const double length = std::hypot(down, right);
    const auto r = static_cast<index_t>(std::lround(20 + 3 * right / length));
    const auto c = static_cast<index_t>(std::lround(20 - 3 * down / length));
    CHECK(std::abs(out(r, c)) < 0.02F);
  }
}

TEST_CASE("a dark spot answers less than nothing") {
  GreyImage image(31, 31, 1.0F);
  for (index_t r = 14; r <= 16; ++r) {
    for (index_t c = 14; c <= 16; ++c) image(r, c) = 0;
  }
  CHECK(with_lines(image, {})(15, 15) < -0.1F);
}

TEST_CASE("a dot answers less than a line") {
  GreyImage dot(31, 31);
  GreyImage line(31, 31);
  dot(15, 15) = 1;
  for (index_t c = 0; c < 31; ++c) line(15, c) = 1;
  GreyImage dot_out = with_lines(dot, {});
  GreyImage line_out = with_lines(line, {});
  CHECK(dot_out(15, 15) - 1 < 0.5F * (line_out(15, 15) - 1));
}

TEST_CASE("turned and mirrored images give turned results up to rounding") {
  const GreyImage image = noise(37, 23, 4);
  GreyImage out = with_lines(image, {.gain = 3.0});
  GreyImage turned(23, 37);
  GreyImage flipped(37, 23);
  for (index_t r = 0; r < 37; ++r) {
    for (index_t c = 0; c < 23; ++c) {
      turned(c, 36 - r) = image.view()(r, c);
      flipped(36 - r, c) = image.view()(r, c);
    }
  }
  GreyImage turned_out = with_lines(turned, {.gain = 3.0});
  GreyImage flipped_out = with_lines(flipped, {.gain = 3.0});
  for (index_t r = 0; r < 37; ++r) {
    for (index_t c = 0; c < 23; ++c) {
      REQUIRE(turned_out(c, 36 - r) == doctest::Approx(out(r, c)).epsilon(1e-5));
      REQUIRE(flipped_out(36 - r, c) == doctest::Approx(out(r, c)).epsilon(1e-5));
    }
  }
}

TEST_CASE("zeros give zeros, and a used scratch the bytes of a new one") {
  CHECK(
      std::ranges::all_of(with_lines(GreyImage(9, 9), {}).pixels, [](float x) { return x == 0; }));
  FilterScratch used;
  const GreyImage large = noise(90, 200, 1);
  GreyImage out(90, 200);
  add_line_strength(large.view(), {.sigma_px = 9.0, .step_px = 5}, out.view(), used);
  const GreyImage image = noise(20, 33, 2);
  GreyImage again(20, 33);
  add_line_strength(image.view(), {.clip = true}, again.view(), used);
  CHECK(again.pixels == with_lines(image, {.clip = true}).pixels);
}

TEST_CASE("shapes and options are checked") {
  FilterScratch scratch;
  GreyImage image(4, 4);
  GreyImage out(4, 4);
  GreyImage wrong(4, 5);
  CHECK_THROWS_AS(add_line_strength(image.view(), {}, wrong.view(), scratch), ShapeError);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const LineOptions& options : {LineOptions{.sigma_px = 0},
                                     LineOptions{.sigma_px = 25},
                                     LineOptions{.sigma_px = kNan},
                                     LineOptions{.step_px = 0},
                                     LineOptions{.step_px = 9},
                                     LineOptions{.gain = -1},
                                     LineOptions{.gain = kNan}}) {
    CHECK_THROWS_AS(add_line_strength(image.view(), options, out.view(), scratch), ValueError);
  }
  GreyImage none(0, 4);
  CHECK_NOTHROW(add_line_strength(none.view(), {}, none.view(), scratch));
}

}  // namespace
}  // namespace gftcore
