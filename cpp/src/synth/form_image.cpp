// SPDX-License-Identifier: Apache-2.0
#include "gftcore/synth/form_image.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "cubic_axis.hpp"
#include "gftcore/common/checks.hpp"
#include "gftcore/synth/portable_math.hpp"
#include "gftcore/synth/random_stream.hpp"
#include "gftcore/synth/variates.hpp"
#include "portable_gaussian.hpp"

namespace gftcore {
namespace {

constexpr double kFieldFloor = 1e-3;
constexpr double kDarkest = 1e-6;  // so that the logarithm is finite
constexpr double kMostExponent = 700;

double square(double x) { return x * x; }

/// A grid of random numbers that is read row by row.
class Field {
 public:
  /// Beta(2, 2), as an exponent of `range` around `shape`.
  static Field of_shapes(RandomStream& random, index_t grid, double shape, double range) {
    Field field(grid);
    for (double& point : field.points_) {
      point = shape * portable::power(range, 2 * beta22_variate(random) - 1);
    }
    return field;
  }

  static Field uniform(RandomStream& random, index_t grid, double low, double high) {
    Field field(grid);
    for (double& point : field.points_) point = random.uniform(low, high);
    return field;
  }

  void begin_row(const CubicAxis& rows, index_t row) {
    for (index_t j = 0; j < grid_; ++j) {
      along_row_[static_cast<std::size_t>(j)] = rows.at(row, points_.data() + j, grid_);
    }
  }

  double at(const CubicAxis& cols, index_t col) const {
    return std::max(cols.at(col, along_row_.data()), kFieldFloor);
  }

 private:
  explicit Field(index_t grid)
      : grid_(grid),
        points_(static_cast<std::size_t>(grid * grid)),
        along_row_(static_cast<std::size_t>(grid)) {}

  index_t grid_;
  std::vector<double> points_;
  std::vector<double> along_row_;
};

/// Factors of rows and columns of which the artefacts are made.
class Artefacts {
 public:
  Artefacts(RandomStream& random, const ImageOptions& options, index_t rows, index_t cols)
      : options_(options),
        stripes_(static_cast<std::size_t>(rows), 1.0),
        shadow_rows_(static_cast<std::size_t>(rows)),
        shadow_cols_(static_cast<std::size_t>(cols)),
        middle_row_(static_cast<double>(rows - 1) / 2),
        middle_col_(static_cast<double>(cols - 1) / 2) {
    const double sigma = options.shadow_radius * static_cast<double>(std::max(rows, cols));
    draw_bell(random, sigma, shadow_rows_);
    draw_bell(random, sigma, shadow_cols_);
    for (index_t i = 0; i < options.stripes; ++i) draw_stripe(random, rows);
  }

  double factor(index_t row, index_t col) const {
    const double corner = square(middle_row_) + square(middle_col_);
    const double away = square(static_cast<double>(row) - middle_row_) +
                        square(static_cast<double>(col) - middle_col_);
    const double lit = corner > 0 ? 1 - options_.vignetting * (away / corner) : 1;
    const double bell =
        shadow_rows_[static_cast<std::size_t>(row)] * shadow_cols_[static_cast<std::size_t>(col)];
    return lit * (1 - options_.shadow * bell) * stripes_[static_cast<std::size_t>(row)];
  }

 private:
  static void draw_bell(RandomStream& random, double sigma, std::vector<double>& bell) {
    const double middle = random.uniform() * static_cast<double>(bell.size()) - 0.5;
    for (std::size_t i = 0; i < bell.size(); ++i) {
      const double x = (static_cast<double>(i) - middle) / sigma;
      bell[i] = portable::exp(std::max(-0.5 * x * x, -kMostExponent));
    }
  }

  void draw_stripe(RandomStream& random, index_t rows) {
    const auto first = static_cast<index_t>(random.uniform() * static_cast<double>(rows));
    const auto more =
        static_cast<index_t>(random.uniform() * static_cast<double>(options_.stripe_rows));
    const double factor = 1 + options_.stripe_contrast * (2 * random.uniform() - 1);
    for (index_t r = first; r <= std::min(first + more, rows - 1); ++r) {
      stripes_[static_cast<std::size_t>(r)] *= factor;
    }
  }

  const ImageOptions& options_;
  std::vector<double> stripes_;
  std::vector<double> shadow_rows_, shadow_cols_;
  double middle_row_, middle_col_;
};

void require_grey(ImageView<const float> image, const char* name) {
  const auto grey = [](float value) { return value >= 0 && value <= 1; };
  if (std::all_of(image.data(), image.data() + image.size(), grey)) return;
  throw ValueError(std::string(name) + " must hold grey values in 0..1");
}

std::uint8_t to_byte(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::floor(255 * value + 0.5), 0.0, 255.0));
}

}  // namespace

void form_image(ImageView<const float> vessels,
                ImageView<const float> background,
                const ImageOptions& options,
                std::uint64_t seed,
                std::uint64_t stream,
                ImageView<std::uint8_t> out) {
  require_image_options(options);
  require_supported_size(vessels.rows(), vessels.cols(), "vessels");
  require_same_shape(vessels, "vessels", background, "background");
  require_same_shape(vessels, "vessels", out, "out");
  require_grey(vessels, "vessels");
  require_grey(background, "background");
  const index_t rows = vessels.rows();
  const index_t cols = vessels.cols();
  if (rows == 0 || cols == 0) return;

  RandomStream random(seed, stream);
  const auto shapes = [&](double shape, double range) {
    return Field::of_shapes(random, options.grid, shape, range);
  };
  Field delta_alpha = shapes(options.background_noise_shape, options.background_noise_range);
  Field delta_beta = shapes(options.background_noise_shape, options.background_noise_range);
  Field speckle_alpha = shapes(options.speckle_shape, options.speckle_range);
  Field speckle_beta = shapes(options.speckle_shape, options.speckle_range);
  Field gamma = Field::uniform(random, options.grid, options.gamma_low, options.gamma_high);

  const auto pixels = static_cast<std::size_t>(vessels.size());
  std::vector<double> light(pixels);
  std::vector<double> near(pixels);
  std::vector<double> spare(pixels);
  const ImageView image(light.data(), rows, cols);
  const ImageView around(near.data(), rows, cols);
  const ImageView scratch(spare.data(), rows, cols);
  if (options.calibre > 0) {
    std::copy_n(vessels.data(), pixels, near.begin());
    portable_gaussian(around, options.calibre_sigma_px, scratch);
  }
  if (options.haze > 0) {
    std::copy_n(background.data(), pixels, light.begin());
    portable_gaussian(image, options.haze_sigma_px, scratch);
  }

  const CubicAxis down(options.grid, rows);
  const CubicAxis across(options.grid, cols);
  for (index_t r = 0; r < rows; ++r) {
    for (Field* field : {&delta_alpha, &delta_beta, &speckle_alpha, &speckle_beta}) {
      field->begin_row(down, r);
    }
    for (index_t c = 0; c < cols; ++c) {
      const double delta =
          beta_variate(random, delta_alpha.at(across, c), delta_beta.at(across, c));
      const double noise =
          beta_variate(random, speckle_alpha.at(across, c), speckle_beta.at(across, c));
      const double behind =
          options.background * static_cast<double>(background(r, c)) + options.haze * image(r, c);
      const double before = static_cast<double>(vessels(r, c)) *
                            (options.calibre * around(r, c) + (1 - options.calibre));
      const double lit = std::max(before, delta * behind);
      image(r, c) = lit * (options.speckle * noise + (1 - options.speckle));
    }
  }
  if (options.blur_sigma_px > 0) portable_gaussian(image, options.blur_sigma_px, scratch);

  const Artefacts artefacts(random, options, rows, cols);
  for (index_t r = 0; r < rows; ++r) {
    gamma.begin_row(down, r);
    for (index_t c = 0; c < cols; ++c) {
      const double value = portable::power(image(r, c) + kDarkest, gamma.at(across, c));
      out(r, c) = to_byte(options.gain * (value * artefacts.factor(r, c)) + options.offset);
    }
  }
}

}  // namespace gftcore
