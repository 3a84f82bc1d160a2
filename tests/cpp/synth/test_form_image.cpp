// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gftcore/common/error.hpp"
#include "gftcore/synth/form_image.hpp"

namespace gftcore {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Scene {
  Scene(index_t r, index_t c, float front, float behind)
      : rows(r),
        cols(c),
        vessels(static_cast<std::size_t>(r * c), front),
        background(vessels.size(), behind) {}

  Bytes formed(const ImageOptions& options,
               std::uint64_t seed = 1,
               std::uint64_t stream = 0) const {
    Bytes out(vessels.size(), 77);
    form_image({vessels.data(), rows, cols},
               {background.data(), rows, cols},
               options,
               seed,
               stream,
               {out.data(), rows, cols});
    return out;
  }

  index_t rows, cols;
  std::vector<float> vessels, background;
};

/// Nothing random, nothing added: out = vessels.
ImageOptions plain() {
  ImageOptions options;
  options.calibre = 0;
  options.background = 0;
  options.haze = 0;
  options.speckle = 0;
  options.blur_sigma_px = 0;
  options.gamma_low = 1;
  options.gamma_high = 1;
  options.gain = 1;
  return options;
}

TEST_CASE("without noise the vessels come out, halves rounded up") {
  Scene scene(1, 6, 0, 0.7F);
  scene.vessels = {0, 1, 0.25F, 0.5F, 100.0F / 255, 0.999F};
  CHECK(scene.formed(plain()) == Bytes{0, 255, 64, 128, 100, 255});
  ImageOptions bright = plain();
  bright.gain = 2;
  bright.offset = -0.1;
  CHECK(scene.formed(bright) == Bytes{0, 255, 102, 230, 175, 255});
}

TEST_CASE("haze and blur keep what is constant") {
  const Scene scene(7, 3, 0.4F, 0.5F);
  ImageOptions options = plain();
  options.blur_sigma_px = 5;
  for (const auto pixel : scene.formed(options)) CHECK(pixel == 102);
  options.haze = 2;  // times Delta, which narrow noise of equal shapes keeps near 1/2
  options.haze_sigma_px = 40;
  options.background_noise_shape = 100;
  options.background_noise_range = 1;
  for (const auto pixel : scene.formed(options)) CHECK(std::abs(pixel - 128) < 5);
}

TEST_CASE("narrow vessels are darker than wide ones") {
  Scene scene(40, 60, 0, 0);
  for (std::size_t r = 0; r < 40; ++r) {
    scene.vessels[r * 60 + 10] = 1;
    for (std::size_t c = 30; c < 50; ++c) scene.vessels[r * 60 + c] = 1;
  }
  ImageOptions options = plain();
  options.calibre = 0.6;
  options.calibre_sigma_px = 2;
  const Bytes out = scene.formed(options);
  CHECK(out[20 * 60 + 40] == 255);
  CHECK(out[20 * 60 + 10] == doctest::Approx(255 * (0.4 + 0.6 * 0.1995)).epsilon(0.01));
  CHECK(out[20 * 60 + 20] == 0);
}

TEST_CASE("a point spreads as a Gaussian does") {
  Scene scene(21, 31, 0, 0);
  scene.vessels[10 * 31 + 15] = 1;
  ImageOptions options = plain();
  options.blur_sigma_px = 1.5;
  options.gain = 10;
  const Bytes out = scene.formed(options);
  for (index_t r = 0; r < 21; ++r) {
    for (index_t c = 0; c < 31; ++c) {
      const auto squared = static_cast<double>((r - 10) * (r - 10) + (c - 15) * (c - 15));
      const double expected = 2550 * std::exp(-squared / 4.5) / (2 * 3.141592653589793 * 2.25);
      CHECK(std::abs(out[static_cast<std::size_t>(r * 31 + c)] - expected) < 1);
    }
  }
}

TEST_CASE("a vignette darkens the corners and leaves the middle") {
  const Scene scene(5, 9, 0.8F, 0);
  ImageOptions options = plain();
  options.vignetting = 0.5;
  const Bytes out = scene.formed(options);
  CHECK(out[2 * 9 + 4] == 204);
  for (const std::size_t corner : {0, 8, 36, 44}) CHECK(out[corner] == 102);
  CHECK(Scene(1, 1, 0.8F, 0).formed(options) == Bytes{204});
}

TEST_CASE("a shadow is darkest at its middle") {
  const Scene scene(40, 40, 1, 0);
  ImageOptions options = plain();
  options.shadow = 0.6;
  options.shadow_radius = 0.2;
  const Bytes out = scene.formed(options);
  const auto darkest = std::ranges::min_element(out) - out.begin();
  CHECK(out[static_cast<std::size_t>(darkest)] == doctest::Approx(102).epsilon(0.01));
  const double row = static_cast<double>(darkest / 40);
  const double col = static_cast<double>(darkest % 40);
  for (index_t r = 0; r < 40; ++r) {
    for (index_t c = 0; c < 40; ++c) {
      const double d = std::hypot(static_cast<double>(r) - row, static_cast<double>(c) - col);
      const double expected = 255 * (1 - 0.6 * std::exp(-d * d / 128));
      CHECK(std::abs(out[static_cast<std::size_t>(r * 40 + c)] - expected) < 10);
    }
  }
}

TEST_CASE("stripes change whole rows, and few of them") {
  const Scene scene(50, 8, 0.5F, 0);
  ImageOptions options = plain();
  options.stripes = 3;
  options.stripe_contrast = 0.5;
  const Bytes out = scene.formed(options);
  int changed = 0;
  for (index_t r = 0; r < 50; ++r) {
    const auto* row = out.data() + r * 8;
    CHECK(std::all_of(row, row + 8, [&](std::uint8_t v) { return v == row[0]; }));
    changed += row[0] != 128 ? 1 : 0;
  }
  CHECK(changed >= 1);
  CHECK(changed <= 12);
}

TEST_CASE("seeds and streams differ and repeat") {
  const Scene scene(20, 20, 0.6F, 0.5F);
  const ImageOptions options;
  CHECK(scene.formed(options, 1, 2) == scene.formed(options, 1, 2));
  CHECK(scene.formed(options, 1, 2) != scene.formed(options, 1, 3));
  CHECK(scene.formed(options, 1, 2) != scene.formed(options, 2, 2));
}

TEST_CASE("any shape works") {
  const ImageOptions options;
  for (const auto& [rows, cols] : {std::pair<index_t, index_t>{1, 1}, {1, 50}, {50, 1}, {3, 400}}) {
    const Bytes out = Scene(rows, cols, 0.9F, 0.1F).formed(options);
    CHECK(std::ranges::count(out, 77) < 1 + rows * cols / 4);
  }
  CHECK(Scene(0, 0, 0, 0).formed(options).empty());
}

TEST_CASE("bad options, shapes and values are refused") {
  const Scene scene(4, 4, 0.5F, 0.5F);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto refuses = [&](auto change) {
    ImageOptions options;
    change(options);
    CHECK_THROWS_AS(scene.formed(options), ValueError);
  };
  refuses([](ImageOptions& o) { o.grid = 1; });
  refuses([](ImageOptions& o) { o.grid = 65; });
  refuses([](ImageOptions& o) { o.calibre = 1.1; });
  refuses([](ImageOptions& o) { o.calibre_sigma_px = 0.01; });
  refuses([](ImageOptions& o) { o.background = -1; });
  refuses([](ImageOptions& o) { o.haze = 5; });
  refuses([](ImageOptions& o) { o.haze_sigma_px = 0; });
  refuses([](ImageOptions& o) { o.background_noise_shape = 0; });
  refuses([](ImageOptions& o) { o.background_noise_range = 0.5; });
  refuses([](ImageOptions& o) { o.speckle = 1.5; });
  refuses([](ImageOptions& o) { o.speckle_shape = 101; });
  refuses([](ImageOptions& o) { o.speckle_range = 101; });
  refuses([](ImageOptions& o) { o.blur_sigma_px = 0.01; });
  refuses([](ImageOptions& o) { o.gamma_low = 0; });
  refuses([](ImageOptions& o) { o.gamma_low = o.gamma_high + 0.1; });
  refuses([](ImageOptions& o) { o.gamma_high = 11; });
  refuses([](ImageOptions& o) { o.gain = -1; });
  refuses([](ImageOptions& o) { o.offset = 2; });
  refuses([](ImageOptions& o) { o.vignetting = 2; });
  refuses([](ImageOptions& o) { o.shadow = -0.1; });
  refuses([](ImageOptions& o) { o.shadow_radius = 0; });
  refuses([](ImageOptions& o) { o.stripes = -1; });
  refuses([](ImageOptions& o) { o.stripe_contrast = 1.1; });
  refuses([](ImageOptions& o) { o.stripe_rows = 0; });
  refuses([&](ImageOptions& o) { o.gain = kNan; });
  for (const float bad : {-0.1F, 1.1F, std::numeric_limits<float>::quiet_NaN()}) {
    CHECK_THROWS_AS(Scene(4, 4, bad, 0).formed({}), ValueError);
    CHECK_THROWS_AS(Scene(4, 4, 0, bad).formed({}), ValueError);
  }
  Bytes out(16);
  const ImageView<const float> square(scene.vessels.data(), 4, 4);
  const ImageView<const float> wide(scene.vessels.data(), 2, 8);
  CHECK_THROWS_AS(form_image(square, wide, {}, 1, 0, {out.data(), 4, 4}), ShapeError);
  CHECK_THROWS_AS(form_image(square, square, {}, 1, 0, {out.data(), 2, 8}), ShapeError);
}

}  // namespace
}  // namespace gftcore
