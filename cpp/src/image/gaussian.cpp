// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/gaussian.hpp"

#include <cmath>
#include <sstream>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"
#include "polyphase_filter.hpp"

namespace gftcore {

index_t gaussian_reach(double sigma, const char* name) {
  if (!(sigma >= kMinSigma && sigma <= kMaxSigma)) {
    std::ostringstream message;
    message << name << " must lie in " << kMinSigma << ".." << kMaxSigma << " px, got " << sigma;
    throw ValueError(message.str());
  }
  return static_cast<index_t>(std::ceil(4 * sigma));
}

std::vector<double> gaussian_taps(double sigma, int order) {
  return gaussian_taps(sigma, order, gaussian_reach(sigma));
}

std::vector<double> gaussian_taps(double sigma, int order, index_t reach) {
  if (order < 0 || order > 2) {
    throw ValueError("order must be 0, 1 or 2, got " + std::to_string(order));
  }
  gaussian_reach(sigma);  // refuses a sigma out of range
  if (reach < 1) throw ValueError("reach must be at least 1, got " + std::to_string(reach));
  std::vector<double> taps;
  double sum = 0;
  for (index_t t = -reach; t <= reach; ++t) {
    const double x = static_cast<double>(t) / sigma;
    taps.push_back(std::exp(-0.5 * x * x));
    sum += taps.back();
  }
  double m2 = 0;
  double m4 = 0;
  for (index_t t = -reach; t <= reach; ++t) {
    const auto square = static_cast<double>(t * t);
    double& tap = taps[static_cast<std::size_t>(t + reach)];
    tap /= sum;
    m2 += square * tap;
    m4 += square * square * tap;
  }
  for (index_t t = -reach; t <= reach; ++t) {
    const auto x = static_cast<double>(t);
    double& tap = taps[static_cast<std::size_t>(t + reach)];
    if (order == 1) tap *= x / m2;
    if (order == 2) tap *= 2 * (x * x - m2) / (m4 - m2 * m2);
  }
  return taps;
}

void gaussian_mean(ImageView<const float> image,
                   double sigma,
                   ImageView<float> out,
                   FilterScratch& scratch,
                   Target target) {
  require_same_shape(image, "image", out, "out");
  const std::vector<double> taps = gaussian_taps(sigma, 0);
  if (image.size() == 0) return;
  filter_symmetric(image, taps, 1, out, scratch, target);
}

}  // namespace gftcore
