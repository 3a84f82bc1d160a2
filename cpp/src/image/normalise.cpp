// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/normalise.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"

namespace gftcore {
namespace {

[[noreturn]] void refuse(ImageView<const float> image, index_t i) {
  throw ValueError("image must be finite, got " + std::to_string(image.data()[i]) + " at (" +
                   std::to_string(i / image.cols()) + ", " + std::to_string(i % image.cols()) +
                   ")");
}

ImageView<float> shaped_like(ImageView<const float> image, std::vector<float>& memory) {
  memory.resize(static_cast<std::size_t>(image.size()));
  return {memory.data(), image.rows(), image.cols()};
}

}  // namespace

void min_max(ImageView<const float> image, ImageView<float> out) {
  require_same_shape(image, "image", out, "out");
  if (image.size() == 0) return;
  float low = image.data()[0];
  float high = low;
  for (index_t i = 0; i < image.size(); ++i) {
    const float x = image.data()[i];
    if (!std::isfinite(x)) refuse(image, i);
    low = std::min(low, x);
    high = std::max(high, x);
  }
  // In double, since the range itself may exceed the largest float.
  const double range = double{high} - double{low};
  for (index_t i = 0; i < image.size(); ++i) {
    const double offset = double{image.data()[i]} - double{low};
    out.data()[i] = range > 0 ? static_cast<float>(offset / range) : 0.0F;
  }
}

void local_normalise(ImageView<const float> image,
                     double sigma,
                     float epsilon,
                     ImageView<float> out,
                     FilterScratch& scratch,
                     Target target) {
  require_same_shape(image, "image", out, "out");
  const auto mean = shaped_like(image, scratch.mean);
  const auto square = shaped_like(image, scratch.square);
  for (index_t i = 0; i < image.size(); ++i) square.data()[i] = image.data()[i] * image.data()[i];
  gaussian_mean(image, sigma, mean, scratch, target);
  gaussian_mean(square, sigma, square, scratch, target);
  for (index_t i = 0; i < image.size(); ++i) {
    const float centre = mean.data()[i];
    const float variance = std::max(0.0F, square.data()[i] - centre * centre);
    out.data()[i] = (image.data()[i] - centre) / (std::sqrt(variance) + epsilon);
  }
}

}  // namespace gftcore
