// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/oriented.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <vector>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/line_strength.hpp"
#include "gftcore/image/resize.hpp"
#include "polyphase_filter.hpp"

namespace gftcore {
namespace {

constexpr index_t kBlock = kContrastBlock;
/// Enlarge only: not resize_cubic(), as completed blocks may reach past the longest side.
constexpr std::array kIdentity{1.0};
/// A thousandth of the image's range, squared: less is no contrast.
constexpr float kLeastVariance = 1e-6F;
/// In raw pixels: half the width of a capillary and its blur.
constexpr double kSigma = 0.625;
/// A line's strength is about a third of its contrast; so both weigh the same.
constexpr double kGain = 3.0;
/// p maps first-pass values of 0.25..0.75 to 0..1.
constexpr float kSlope = 2.0F;
constexpr float kOffset = -0.5F;

ImageView<float> shaped(std::vector<float>& memory, index_t rows, index_t cols) {
  memory.resize(static_cast<std::size_t>(rows * cols));
  return {memory.data(), rows, cols};
}

/// Index of the pixel seen at i >= 0 by an image of n pixels mirrored behind its last one.
index_t inside(index_t i, index_t n) {
  i %= 2 * n;
  return i < n ? i : 2 * n - 1 - i;
}

/// Means of blocks; `image` is mirrored behind its last row and column.
ImageView<float> block_means(ImageView<const float> image, std::vector<float>& memory) {
  const auto means =
      shaped(memory, (image.rows() + kBlock - 1) / kBlock, (image.cols() + kBlock - 1) / kBlock);
  const index_t whole = image.cols() / kBlock;
  for (index_t r = 0; r < means.rows(); ++r) {
    const float* rows[kBlock];
    for (index_t k = 0; k < kBlock; ++k) rows[k] = image.row(inside(kBlock * r + k, image.rows()));
    const auto down = [&rows](index_t col) {
      return (rows[0][col] + rows[1][col]) + (rows[2][col] + rows[3][col]);
    };
    float* out = means.row(r);
    for (index_t c = 0; c < whole; ++c) {
      const index_t col = kBlock * c;
      out[c] = ((down(col) + down(col + 1)) + (down(col + 2) + down(col + 3))) / (kBlock * kBlock);
    }
    for (index_t c = whole; c < means.cols(); ++c) {
      float sum = 0;
      for (index_t j = 0; j < kBlock; ++j) sum += down(inside(kBlock * c + j, image.cols()));
      out[c] = sum / (kBlock * kBlock);
    }
  }
  return means;
}

}  // namespace

void require_broad_sigma(double sigma, const char* name) {
  constexpr auto kLeast = static_cast<double>(kBlock);
  if (sigma >= kLeast && sigma <= kMaxSigma) return;
  std::ostringstream message;
  message << name << " must lie in " << kLeast << ".." << kMaxSigma << " px, got " << sigma;
  throw ValueError(message.str());
}

void relative_contrast(ImageView<const float> image,
                       double sigma,
                       ImageView<float> out,
                       FilterScratch& scratch,
                       Target target) {
  require_same_shape(image, "image", out, "out");
  require_broad_sigma(sigma, "sigma");
  if (image.size() == 0) return;
  const double blocks = sigma / static_cast<double>(kBlock);
  const auto means = block_means(image, scratch.coarse);
  const index_t rows = means.rows() * kBlock;
  const index_t cols = means.cols() * kBlock;
  const auto field = shaped(scratch.mean, rows, cols);  // has more pixels if blocks are completed
  gaussian_mean(means, blocks, means, scratch, target);
  filter_symmetric(means, kIdentity, kBlock, field, scratch, target);
  const auto square = shaped(scratch.square, image.rows(), image.cols());
  for (index_t r = 0; r < image.rows(); ++r) {
    const float* from = image.row(r);
    const float* mean = field.row(r);
    float* difference = out.row(r);
    float* squared = square.row(r);
    for (index_t c = 0; c < image.cols(); ++c) {
      const float d = from[c] - mean[c];
      difference[c] = d;
      squared[c] = d * d;
    }
  }

  const auto spread = block_means(square, scratch.coarse);
  double total = 0;
  for (index_t i = 0; i < spread.size(); ++i) total += double{spread.data()[i]};
  const auto whole = static_cast<float>(total / static_cast<double>(spread.size()));
  gaussian_mean(spread, blocks, spread, scratch, target);
  for (index_t i = 0; i < spread.size(); ++i) {
    const float local = std::max(0.0F, spread.data()[i]);
    spread.data()[i] = 1 / std::sqrt((local + whole) / 2 + kLeastVariance);
  }
  filter_symmetric(spread, kIdentity, kBlock, field, scratch, target);
  for (index_t r = 0; r < out.rows(); ++r) {
    const float* gain = field.row(r);
    float* difference = out.row(r);
    for (index_t c = 0; c < out.cols(); ++c) difference[c] *= gain[c];
  }
}

index_t oriented_scale(index_t scale) { return scale % 2 == 0 ? 2 : scale; }

ImageView<const float> oriented_lines(ImageView<const float> image,
                                      double background_sigma,
                                      index_t scale,
                                      ImageView<float> contrast,
                                      FilterScratch& scratch,
                                      Target target) {
  require_scalable(image, scale, "image");
  require_same_shape(image, "image", contrast, "contrast");
  const index_t work = oriented_scale(scale);
  const index_t rows = image.rows() * work;
  const index_t cols = image.cols() * work;
  auto* const passes = scratch.passes.request<float>(2 * rows * cols);
  const ImageView<float> first(passes, rows, cols);
  const ImageView<float> second(passes + rows * cols, rows, cols);
  LineOptions options;
  options.sigma_px = kSigma * static_cast<double>(work);
  options.step_px = work;
  options.gain = kGain;
  relative_contrast(image, background_sigma, contrast, scratch, target);
  resize_cubic(contrast, work, second, scratch, target);
  add_line_strength(second, options, first, scratch, target);
  options.clip = true;
  options.slope = kSlope;
  options.offset = kOffset;
  add_line_strength(first, options, second, scratch, target);
  return {second.data(), rows, cols};
}

}  // namespace gftcore
