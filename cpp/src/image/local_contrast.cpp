// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/local_contrast.hpp"

#include "gftcore/common/checks.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/resize.hpp"

namespace gftcore {

void local_contrast(ImageView<const float> image,
                    double sigma,
                    index_t scale,
                    ImageView<float> contrast,
                    ImageView<float> out,
                    FilterScratch& scratch,
                    Target target) {
  require_same_shape(image, "image", contrast, "contrast");
  scratch.mean.resize(static_cast<std::size_t>(image.size()));
  const ImageView<float> mean(scratch.mean.data(), image.rows(), image.cols());
  gaussian_mean(image, sigma, mean, scratch, target);
  for (index_t i = 0; i < image.size(); ++i) {
    contrast.data()[i] = image.data()[i] - mean.data()[i];
  }
  resize_cubic(contrast, scale, out, scratch, target);
}

}  // namespace gftcore
