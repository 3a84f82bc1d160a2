// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "gftcore/synth/form_image.hpp"
#include "option_checks.hpp"

namespace gftcore {
namespace {

constexpr index_t kMostPoints = 64;
constexpr index_t kMostStripes = 1000;
constexpr double kMostStrength = 4;
constexpr double kMostShape = 100;

void require_share(double value, const char* name) { require_within<double>(value, 0, 1, name); }

void require_noise(double shape, double range, const std::string& name) {
  require_within<double>(shape, 0.1, kMostShape, name + "_shape");
  require_within<double>(range, 1, kMostShape, name + "_range");
}

}  // namespace

void require_image_options(const ImageOptions& options) {
  require_within<index_t>(options.grid, 2, kMostPoints, "grid");
  require_share(options.calibre, "calibre");
  require_within<double>(options.calibre_sigma_px, kLeastSigmaPx, kMostSigmaPx, "calibre_sigma_px");
  require_within<double>(options.background, 0, kMostStrength, "background");
  require_within<double>(options.haze, 0, kMostStrength, "haze");
  require_within<double>(options.haze_sigma_px, kLeastSigmaPx, kMostSigmaPx, "haze_sigma_px");
  require_noise(options.background_noise_shape, options.background_noise_range, "background_noise");
  require_share(options.speckle, "speckle");
  require_noise(options.speckle_shape, options.speckle_range, "speckle");
  if (options.blur_sigma_px != 0) {
    require_within<double>(options.blur_sigma_px, kLeastSigmaPx, kMostSigmaPx, "blur_sigma_px");
  }
  require_within<double>(options.gamma_high, 0.1, 10, "gamma_high");
  require_within<double>(options.gamma_low, 0.1, options.gamma_high, "gamma_low");
  require_within<double>(options.gain, 0, 10, "gain");
  require_within<double>(options.offset, -1, 1, "offset");
  require_share(options.vignetting, "vignetting");
  require_share(options.shadow, "shadow");
  require_within<double>(options.shadow_radius, 0.01, 10, "shadow_radius");
  require_within<index_t>(options.stripes, 0, kMostStripes, "stripes");
  require_share(options.stripe_contrast, "stripe_contrast");
  require_within<index_t>(options.stripe_rows, 1, kMostStripes, "stripe_rows");
}

}  // namespace gftcore
