// SPDX-License-Identifier: Apache-2.0
// The image filters: Gaussian mean, cubic enlargement, ridges, local contrast, normalisation.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../naive/filters.hpp"
#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/image/hessian_ridge.hpp"
#include "gftcore/image/local_contrast.hpp"
#include "gftcore/image/normalise.hpp"
#include "gftcore/image/resize.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

// float32 with errors far below this share of the largest absolute value.
constexpr double kTolerance = 2e-5;
constexpr double kSigmas[] = {0.1, 0.3, 0.7, 1.0, 1.6, 2.4, 3.0, 4.5};
constexpr double kBadSigmas[] = {0.0, 0.09, -1.0, 257.0, std::numeric_limits<double>::quiet_NaN()};

struct Image {
  Shape shape;
  std::vector<float> pixels;
  double largest = 0;

  ImageView<const float> view() const { return {pixels.data(), shape.rows, shape.cols}; }
  naive::Grey grey() const { return naive::grey_of(pixels, shape.rows, shape.cols); }
};

void near(const std::vector<float>& got, const naive::Grey& want, double error, const char* what) {
  same(got.size(), want.values.size(), what);
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::abs(static_cast<double>(got[i]) - want.values[i]) <= error) continue;
    std::ostringstream how;
    how << "pixel " << i << ": got " << got[i] << ", want " << want.values[i];
    differ(what, how.str());
  }
}

void check_mean(const Image& image, double sigma, FilterScratch& scratch) {
  const naive::Grey want = naive::gaussian_mean(image.grey(), sigma);
  for (const Target target : available_targets()) {
    std::vector<float> out(image.pixels.size(), -1.0F);
    gaussian_mean(
        image.view(), sigma, {out.data(), image.shape.rows, image.shape.cols}, scratch, target);
    plant("gaussian_mean", target, out);
    near(out, want, kTolerance * image.largest, "gaussian_mean");
    std::vector<float> in_place = image.pixels;
    const ImageView<float> view(in_place.data(), image.shape.rows, image.shape.cols);
    gaussian_mean(view, sigma, view, scratch, target);
    plant("gaussian_mean in place", target, in_place);
    same_bytes(in_place, out, "gaussian_mean in place");
  }
}

void check_resize(const Image& image, index_t scale, FilterScratch& scratch) {
  const naive::Grey want = naive::enlarged(image.grey(), scale);
  for (const Target target : available_targets()) {
    std::vector<float> out(want.values.size(), -1.0F);
    resize_cubic(image.view(), scale, {out.data(), want.rows, want.cols}, scratch, target);
    plant("resize_cubic", target, out);
    near(out, want, kTolerance * image.largest, "resize_cubic");
  }
}

void check_ridges(const Image& image,
                  index_t scale,
                  const std::vector<double>& sigmas,
                  FilterScratch& scratch) {
  const naive::Grey want = naive::ridges(image.grey(), scale, sigmas);
  for (const Target target : available_targets()) {
    std::vector<float> out(want.values.size(), -1.0F);
    hessian_ridge(image.view(), scale, sigmas, {out.data(), want.rows, want.cols}, scratch, target);
    plant("hessian_ridge", target, out);
    near(out, want, kTolerance * image.largest, "hessian_ridge");
    for (const float x : out) expect(x >= 0, "ridges are never negative");
  }
}

void check_contrast(const Image& image, double sigma, index_t scale, FilterScratch& scratch) {
  const naive::Grey want = naive::contrast(image.grey(), sigma, scale);
  for (const Target target : available_targets()) {
    std::vector<float> memory = image.pixels;
    const ImageView<float> view(memory.data(), image.shape.rows, image.shape.cols);
    std::vector<float> out(want.values.size(), -1.0F);
    local_contrast(view, sigma, scale, view, {out.data(), want.rows, want.cols}, scratch, target);
    plant("local_contrast", target, out);
    near(out, want, kTolerance * image.largest, "local_contrast");
  }
}

/// The range as the definition maps it; returns the mapped pixels.
std::vector<float> check_min_max(const Image& image) {
  std::vector<float> out(image.pixels.size(), -1.0F);
  min_max(image.view(), {out.data(), image.shape.rows, image.shape.cols});
  plant("min_max", out);
  const double low = *std::ranges::min_element(image.pixels);
  const double high = *std::ranges::max_element(image.pixels);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double share = high > low ? (double{image.pixels[i]} - low) / (high - low) : 0;
    same(out[i], static_cast<float>(share), "min_max");
  }
  return out;
}

/// Where the window varies enough for float32: the variance is a difference of rounded means.
void check_normalise(const Image& image, double sigma, FilterScratch& scratch) {
  constexpr float kEpsilon = 1e-3F;
  const naive::Grey grey = image.grey();
  const naive::Grey mean = naive::gaussian_mean(grey, sigma);
  naive::Grey square = grey;
  for (double& x : square.values) x *= x;
  square = naive::gaussian_mean(square, sigma);
  for (const Target target : available_targets()) {
    std::vector<float> out(image.pixels.size(), -1.0F);
    const ImageView<float> view(out.data(), image.shape.rows, image.shape.cols);
    local_normalise(image.view(), sigma, kEpsilon, view, scratch, target);
    plant("local_normalise", target, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double centre = mean.values[i];
      const double variance = std::max(0.0, square.values[i] - centre * centre);
      const double want = (grey.values[i] - centre) / (std::sqrt(variance) + double{kEpsilon});
      expect(std::isfinite(out[i]), "local_normalise is finite");
      if (variance > 1e-3) close(out[i], want, 1e-3, "local_normalise");
    }
  }
}

template <class Call>
bool refuses(Call call) {
  try {
    call();
  } catch (const Error&) {
    return true;
  }
  return false;
}

void check_refusals(const Image& image, std::uint8_t kind, FilterScratch& scratch) {
  std::vector<float> out(image.pixels.size());
  const ImageView<float> view(out.data(), image.shape.rows, image.shape.cols);
  const double sigma = kBadSigmas[kind % 5U];
  expect(refuses([&] { gaussian_mean(image.view(), sigma, view, scratch); }), "a bad sigma");
  const std::vector<double> sigmas{1.0, sigma};
  expect(refuses([&] { hessian_ridge(image.view(), 1, sigmas, view, scratch); }), "a bad sigma");
  const index_t scale = kind % 2 == 0 ? 0 : kMaxScale + 1;
  expect(refuses([&] { resize_cubic(image.view(), scale, view, scratch); }), "a bad scale");
  expect(refuses([&] { resize_cubic(image.view(), 2, view, scratch); }), "a bad shape");
  if (image.pixels.empty()) return;
  Image broken = image;
  constexpr float kBad[] = {std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()};
  broken.pixels[kind % broken.pixels.size()] = kBad[kind % 3U];
  expect(refuses([&] { min_max(broken.view(), view); }), "a value that is not finite");
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static FilterScratch scratch;
  static Image image;
  Bytes bytes(data);
  const int kernel = bytes.byte();
  const index_t scale = 1 + bytes.byte() % kMaxScale;
  const double sigma = kSigmas[bytes.byte() % 8U];
  const std::uint8_t grey = bytes.byte();
  const std::uint8_t seed = bytes.byte();
  image.shape = read_shape(bytes, {.area = kernel % 8 == 2 ? 60 : 250, .longest = 250});
  const bool enlarges = kernel % 8 == 1 || kernel % 8 == 2 || kernel % 8 == 3;
  if (enlarges) {
    while (image.shape.area() * scale * scale > 1500 && image.shape.rows > 1) --image.shape.rows;
    while (image.shape.area() * scale * scale > 1500 && image.shape.cols > 1) --image.shape.cols;
  }
  grey_values(grey, seed, image.shape, image.pixels);
  // Some pixels come from the input itself.
  for (float& pixel : image.pixels) {
    if (bytes.left() == 0) break;
    pixel += static_cast<float>(bytes.byte()) * pixel / 256.0F;
  }
  image.largest = 1e-30;
  for (const float x : image.pixels) image.largest = std::max(image.largest, std::abs(double{x}));
  if (image.pixels.empty()) {
    check_refusals(image, seed, scratch);
    return;
  }
  switch (kernel % 8) {
    case 0:
      check_mean(image, sigma, scratch);
      break;
    case 1:
      check_resize(image, scale, scratch);
      break;
    case 2: {
      std::vector<double> sigmas{std::max(sigma, 0.5)};
      if (kernel >= 128) sigmas.push_back(1.3);
      check_ridges(image, scale, sigmas, scratch);
      break;
    }
    case 3:
      check_contrast(image, sigma, scale, scratch);
      break;
    case 4:
    case 5:
      image.pixels = check_min_max(image);
      check_normalise(image, sigma, scratch);
      break;
    case 6:
      check_min_max(image);
      break;
    default:
      check_refusals(image, seed, scratch);
      break;
  }
}

}  // namespace gftcore::fuzz
