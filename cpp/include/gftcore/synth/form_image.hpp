// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

namespace gftcore {

/// Standard deviations of haze and point spread, in pixels.
inline constexpr double kLeastSigmaPx = 0.1;
inline constexpr double kMostSigmaPx = 256;

/// Settings of form_image(). Strengths are factors of grey values in 0..1. The defaults were chosen
/// to resemble published images; the kernel page tells them from the published constants.
struct ImageOptions {
  index_t grid = 9;             // points a side of the grids of slow changes
  double calibre = 0.35;        // share of a vessel's light that it owes to vessels around it
  double calibre_sigma_px = 3;  // how far around
  double background = 0.9;      // strength of the background's vessels
  double haze = 1;              // strength of the background out of focus
  double haze_sigma_px = 15;    // how far out of focus
  double background_noise_shape = 1.5;  // Delta ~ Beta(alpha, beta): geometric middle of both
  double background_noise_range = 1.6;  // and the factor by which they leave it, either way
  double speckle = 0.6;                 // share of the noise N
  double speckle_shape = 1;             // N ~ Beta(alpha, beta), with a grid of its own
  double speckle_range = 1.4;
  double blur_sigma_px = 0.57;  // point spread; 0: none
  double gamma_low = 0.8;       // range of the exponent Gamma
  double gamma_high = 1;
  double gain = 1.2;
  double offset = 0;
  double vignetting = 0;         // what the corners lose
  double shadow = 0;             // what the middle of a shadow loses
  double shadow_radius = 0.15;   // its standard deviation, as a share of the longer side
  index_t stripes = 0;           // bands of rows that are brighter or darker
  double stripe_contrast = 0.2;  // most that they gain or lose
  index_t stripe_rows = 4;       // most rows of one

  friend bool operator==(const ImageOptions&, const ImageOptions&) = default;
};

/// Forms an angiogram of vessels before a background, with noise and artefacts.
///
/// `vessels` I and `background` I_d hold grey values in 0..1; `out` has their shape and may be
/// neither. All random numbers come from RandomStream(seed, `stream`) in the order of this text; u
/// is a uniform number. A field is a grid of `grid` x `grid` numbers, drawn row by row. Its corners
/// lie on the centres of the image's corner pixels; between its points Keys' cubic (a = -1/2,
/// Catmull-Rom) interpolates, first down, then across; beyond the grid its border values go on;
/// what is below 1e-3 is 1e-3.
///
/// 1. Five fields: alpha and beta of Delta, alpha and beta of N, with shape * range^(2b - 1) at the
///    points, b = beta22_variate; and Gamma, with gamma_low + (gamma_high - gamma_low) u.
/// 2. For each pixel, row by row, Delta and N = beta_variate(alpha, beta) are drawn.
///      I0 = I * (calibre * G_c(I) + (1 - calibre))
///      I1 = max(I0, Delta * (background * I_d + haze * G(I_d)))
///      I2 = I1 * (speckle * N + (1 - speckle))
///    with the Gaussian means G_c of calibre_sigma_px and G of haze_sigma_px. They and the point
///    spread mirror the image at its edges; a strength or blur of 0 leaves them out.
/// 3. value = (blurred I2 + 1e-6)^Gamma, times the factors of the artefacts:
///      vignetting: 1 - vignetting * d^2 / D^2, d from the middle, D from it to the corners' pixels
///      shadow: middle at u rows - 1/2, u cols - 1/2; 1 - shadow e^(-d^2 / 2 s^2),
///        s = shadow_radius * max(rows, cols). The numbers are drawn without a shadow, too.
///      stripes: each begins at row floor(u rows), is 1 + floor(u stripe_rows) rows high as far as
///        the image goes, and has the factor 1 + stripe_contrast (2u - 1); factors multiply.
/// 4. out = floor(255 (gain * value + offset) + 1/2), clamped to 0..255.
///
/// So artefacts, gain, offset and strengths leave the noise as it is. Nothing is displaced: the
/// truth of the vessels holds for the image. All in double, in the order of this text, with
/// portable_math.hpp: the same bytes on every machine, from whichever thread. O(H W (1 +
/// sigmas)); 24 bytes of scratch memory a pixel. Throws ShapeError unless the shapes agree and
/// no side exceeds kMaxSide, ValueError for options outside their domain (require_image_options)
/// and for grey values outside 0..1, also NaN.
void form_image(ImageView<const float> vessels,
                ImageView<const float> background,
                const ImageOptions& options,
                std::uint64_t seed,
                std::uint64_t stream,
                ImageView<std::uint8_t> out);

/// Throws ValueError unless grid lies in 2..64, background and haze in 0..4, shapes in 0.1..100,
/// ranges in 1..100, calibre, speckle, vignetting, shadow and stripe_contrast in 0..1, sigmas in
/// kLeastSigmaPx..kMostSigmaPx (that of the blur may be 0), 0.1 <= gamma_low <= gamma_high <= 10,
/// gain in 0..10, offset in -1..1, shadow_radius in 0.01..10, stripes in 0..1000, stripe_rows
/// in 1..1000.
void require_image_options(const ImageOptions& options);

}  // namespace gftcore
