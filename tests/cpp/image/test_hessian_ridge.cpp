// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/hessian_ridge.hpp"
#include "gftcore/image/resize.hpp"
#include "images.hpp"

namespace gftcore {
namespace {

using Doubles = std::vector<double>;

Doubles correlated(
    const Doubles& image, index_t rows, index_t cols, const Doubles& taps, bool down) {
  const auto reach = static_cast<index_t>(taps.size() / 2);
  Doubles out(image.size());
  for (index_t r = 0; r < rows; ++r) {
    for (index_t c = 0; c < cols; ++c) {
      double sum = 0;
      for (index_t t = -reach; t <= reach; ++t) {
        const index_t y = down ? mirrored_index(r + t, rows) : r;
        const index_t x = down ? c : mirrored_index(c + t, cols);
        sum += taps[static_cast<std::size_t>(t + reach)] *
               image[static_cast<std::size_t>(y * cols + x)];
      }
      out[static_cast<std::size_t>(r * cols + c)] = sum;
    }
  }
  return out;
}

/// Enlarge first, then filter, in double.
Doubles by_definition(const GreyImage& image, index_t scale, const Doubles& sigmas) {
  FilterScratch scratch;
  GreyImage large(image.rows * scale, image.cols * scale);
  resize_cubic(image.view(), scale, large.view(), scratch, Target::scalar);
  const Doubles pixels(large.pixels.begin(), large.pixels.end());
  Doubles best(pixels.size());
  for (const double sigma : sigmas) {
    const std::array taps{
        gaussian_taps(sigma, 0), gaussian_taps(sigma, 1), gaussian_taps(sigma, 2)};
    const auto derivative = [&](std::size_t down, std::size_t across) {
      const Doubles half = correlated(pixels, large.rows, large.cols, taps.at(across), false);
      return correlated(half, large.rows, large.cols, taps.at(down), true);
    };
    const Doubles rr = derivative(2, 0);
    const Doubles rc = derivative(1, 1);
    const Doubles cc = derivative(0, 2);
    for (std::size_t i = 0; i < best.size(); ++i) {
      const double root = std::hypot((rr[i] - cc[i]) / 2, rc[i]);
      best[i] = std::max(best[i], sigma * sigma * (root - (rr[i] + cc[i]) / 2));
    }
  }
  return best;
}

GreyImage ridges(const GreyImage& image,
                 index_t scale,
                 const Doubles& sigmas,
                 Target target = active_target()) {
  FilterScratch scratch;
  GreyImage out(image.rows * scale, image.cols * scale);
  hessian_ridge(image.view(), scale, sigmas, out.view(), scratch, target);
  return out;
}

TEST_CASE("one filter equals enlarging first, at every scale, on every target") {
  const Doubles sigmas{1.0, 2.3, 4.5};
  for (const auto& [rows, cols] : {std::array{1, 1}, {2, 5}, {1, 30}, {23, 37}}) {
    const GreyImage image = noise(rows, cols, 6);
    for (index_t scale = 1; scale <= kMaxScale; ++scale) {
      const Doubles expected = by_definition(image, scale, sigmas);
      const double largest = std::max(*std::ranges::max_element(expected), 0.01);
      for (const Target target : available_targets()) {
        const GreyImage out = ridges(image, scale, sigmas, target);
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
          worst = std::max(worst, std::abs(double{out.pixels[i]} - expected[i]));
        }
        CAPTURE(rows);
        CAPTURE(cols);
        CAPTURE(scale);
        CHECK(worst < 1e-4 * largest);
      }
    }
  }
}

TEST_CASE("a bright line answers, a dark one and flat ground do not") {
  GreyImage image(40, 40, 0.0F);
  for (index_t c = 0; c < 40; ++c) image(20, c) = 1;
  GreyImage bright = ridges(image, 2, {2.0});
  CHECK(bright(40, 40) > 0.1F);
  CHECK(bright(5, 40) < 1e-5F);
  for (float& x : image.pixels) x = -x;
  GreyImage dark = ridges(image, 2, {2.0});
  CHECK(dark(40, 40) < 0.1F * bright(40, 40));
  CHECK(std::ranges::all_of(ridges(GreyImage(9, 9), 4, {3.0}).pixels,
                            [](float x) { return x == 0; }));
}

TEST_CASE("same bytes in every thread and wherever blocks of rows begin") {
  const GreyImage tall = noise(300, 9, 7);
  GreyImage cut(223, 9);
  std::copy(tall.pixels.begin() + 77 * 9, tall.pixels.end(), cut.pixels.begin());
  for (const Target target : available_targets()) {
    const GreyImage whole = ridges(tall, 4, {3.0}, target);
    std::vector<GreyImage> found(4, GreyImage(0, 0));
    std::vector<std::thread> threads;
    for (GreyImage& out : found) {
      threads.emplace_back([&] { out = ridges(tall, 4, {3.0}, target); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const GreyImage& out : found) CHECK(out.pixels == whole.pixels);

    const GreyImage part = ridges(cut, 4, {3.0}, target);
    constexpr std::ptrdiff_t kRow = 4 * 9;
    CHECK(std::equal(part.pixels.begin() + 40 * kRow,
                     part.pixels.end(),
                     whole.pixels.begin() + (4 * 77 + 40) * kRow));
  }
}

TEST_CASE("bad options are refused") {
  FilterScratch scratch;
  GreyImage image(4, 4);
  GreyImage out(16, 16);
  const Doubles none;
  const Doubles zero{3.0, 0.0};
  const Doubles good{3.0};
  CHECK_THROWS_AS(hessian_ridge(image.view(), 4, none, out.view(), scratch), ValueError);
  CHECK_THROWS_AS(hessian_ridge(image.view(), 4, zero, out.view(), scratch), ValueError);
  CHECK_THROWS_AS(hessian_ridge(image.view(), 2, good, out.view(), scratch), ShapeError);
  CHECK_THROWS_AS(hessian_ridge(image.view(), 0, good, out.view(), scratch), ValueError);
}

}  // namespace
}  // namespace gftcore
