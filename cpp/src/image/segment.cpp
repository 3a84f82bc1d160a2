// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/segment.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <sstream>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/hessian_ridge.hpp"
#include "gftcore/image/local_contrast.hpp"
#include "gftcore/image/normalise.hpp"
#include "gftcore/image/oriented.hpp"
#include "gftcore/image/resize.hpp"

namespace gftcore {
namespace {

constexpr double kNormaliseSigma = 10.0;
constexpr float kNormaliseEpsilon = 1e-3F;

template <class T>
[[noreturn]] void refuse(const char* name, const char* expected, T got) {
  std::ostringstream message;
  message << name << " must be " << expected << ", got " << got;
  throw ValueError(message.str());
}

/// Options of the other methods are checked too, so that a typo does not wait for its use.
void require_valid(const SegmentOptions& options) {
  require_broad_sigma(options.oriented_sigma, "oriented_sigma");
  gaussian_reach(options.local_contrast_sigma, "local_contrast_sigma");
  if (options.ridge_sigmas_px.empty()) refuse("ridge_sigmas_px", "at least one value", "none");
  for (const double sigma : options.ridge_sigmas_px) gaussian_reach(sigma, "ridge_sigmas_px");
  if (options.min_object_px < 0) refuse("min_object_px", "at least 0", options.min_object_px);
  for (const auto& [name, value] : {std::pair{"oriented_threshold", options.oriented_threshold},
                                    {"contrast_threshold", options.contrast_threshold},
                                    {"ridge_threshold", options.ridge_value}}) {
    if (!std::isfinite(value)) refuse(name, "finite", value);
  }
  if (!(options.ridge_quantile >= 0 && options.ridge_quantile <= 1)) {
    refuse("ridge_quantile", "in 0..1", options.ridge_quantile);
  }
}

ImageView<float> normalised_range(ImageView<const float> image, SegmentScratch& scratch) {
  scratch.normalised.resize(static_cast<std::size_t>(image.size()));
  const ImageView<float> out(scratch.normalised.data(), image.rows(), image.cols());
  min_max(image, out);
  return out;
}

double threshold_of(const SegmentOptions& options, SegmentScratch& scratch) {
  if (options.method == SegmentMethod::oriented) return options.oriented_threshold;
  if (options.method == SegmentMethod::local_contrast) return options.contrast_threshold;
  const std::span<const float> response(scratch.response.data(),
                                        static_cast<std::size_t>(scratch.response.size()));
  switch (options.ridge_threshold) {
    case RidgeThreshold::quantile:
      return quantile_threshold(response, options.ridge_quantile, scratch.threshold);
    case RidgeThreshold::otsu:
      return otsu_threshold(response);
    case RidgeThreshold::value:
      break;
  }
  return options.ridge_value;
}

void respond(ImageView<const float> image,
             const SegmentOptions& options,
             ImageView<float> out,
             SegmentScratch& scratch,
             Target target) {
  switch (options.method) {
    case SegmentMethod::oriented:
      return oriented_response(image, options.oriented_sigma, options.scale, out, scratch, target);
    case SegmentMethod::local_contrast:
      return contrast_response(
          image, options.local_contrast_sigma, options.scale, out, scratch, target);
    case SegmentMethod::ridge:
      return ridge_response(image,
                            options.ridge_sigmas_px,
                            options.ridge_normalise,
                            options.scale,
                            out,
                            scratch,
                            target);
  }
}

void clear_run(BitImage& mask, const Run& run) {
  std::uint64_t* words = mask.row(run.row);
  const index_t first = run.begin / 64;
  const index_t last = (run.end - 1) / 64;
  const std::uint64_t from = ~std::uint64_t{0} << (run.begin % 64);
  const std::uint64_t to = ~std::uint64_t{0} >> (63 - (run.end - 1) % 64);
  if (first == last) {
    words[first] &= ~(from & to);
    return;
  }
  words[first] &= ~from;
  std::fill(words + first + 1, words + last, 0);
  words[last] &= ~to;
}

}  // namespace

void oriented_response(ImageView<const float> image,
                       double background_sigma,
                       index_t scale,
                       ImageView<float> out,
                       SegmentScratch& scratch,
                       Target target) {
  require_scalable(image, scale, "image");
  const ImageView<float> unit = normalised_range(image, scratch);
  const auto lines = oriented_lines(unit, background_sigma, scale, unit, scratch.filter, target);
  resize_cubic(lines, scale / oriented_scale(scale), out, scratch.filter, target);
}

void contrast_response(ImageView<const float> image,
                       double sigma,
                       index_t scale,
                       ImageView<float> out,
                       SegmentScratch& scratch,
                       Target target) {
  require_scalable(image, scale, "image");
  const ImageView<float> unit = normalised_range(image, scratch);
  local_contrast(unit, sigma, scale, unit, out, scratch.filter, target);
}

void ridge_response(ImageView<const float> image,
                    std::span<const double> sigmas_px,
                    bool normalise,
                    index_t scale,
                    ImageView<float> out,
                    SegmentScratch& scratch,
                    Target target) {
  require_scalable(image, scale, "image");
  const ImageView<float> unit = normalised_range(image, scratch);
  if (normalise) {
    local_normalise(unit, kNormaliseSigma, kNormaliseEpsilon, unit, scratch.filter, target);
    hessian_ridge(unit, scale, sigmas_px, out, scratch.filter, target);
    return;
  }
  const index_t rows = image.rows() * scale;
  const index_t cols = image.cols() * scale;
  scratch.filter.upsampled.resize(static_cast<std::size_t>(rows * cols));
  const ImageView<float> large(scratch.filter.upsampled.data(), rows, cols);
  resize_cubic(unit, scale, large, scratch.filter, target);
  for (float& x : scratch.filter.upsampled) x = std::clamp(x, 0.0F, 1.0F);
  hessian_ridge(large, 1, sigmas_px, out, scratch.filter, target);
}

void drop_small_objects(BitImage& mask,
                        index_t min_object_px,
                        Labelling& objects,
                        std::vector<index_t>& area_px) {
  label_runs(mask, Connectivity::eight, objects);
  if (min_object_px <= 1) return;
  area_px.assign(static_cast<std::size_t>(objects.count) + 1, 0);
  for (std::size_t k = 0; k < objects.runs.size(); ++k) {
    const Run& run = objects.runs[k];
    area_px[static_cast<std::size_t>(objects.label_of_run[k])] += run.end - run.begin;
  }
  std::vector<index_t>& new_label = area_px;
  objects.count = 0;
  for (index_t& area : area_px) area = area >= min_object_px ? ++objects.count : 0;
  std::size_t kept = 0;
  std::size_t k = 0;
  for (std::size_t row = 1; row < objects.row_ptr.size(); ++row) {
    for (; k < static_cast<std::size_t>(objects.row_ptr[row]); ++k) {
      const index_t label = new_label[static_cast<std::size_t>(objects.label_of_run[k])];
      if (label == 0) {
        clear_run(mask, objects.runs[k]);
        continue;
      }
      objects.runs[kept] = objects.runs[k];
      objects.label_of_run[kept++] = static_cast<label_t>(label);
    }
    objects.row_ptr[row] = static_cast<index_t>(kept);
  }
  objects.runs.resize(kept);
  objects.label_of_run.resize(kept);
}

void segment(ImageView<const float> image,
             const SegmentOptions& options,
             BitImage& mask,
             SegmentScratch& scratch,
             Target target) {
  require_valid(options);
  require_scalable(image, options.scale, "image");
  if (options.method == SegmentMethod::oriented && !scratch.keep_response) {
    const index_t scale = options.scale;
    const ImageView<float> unit = normalised_range(image, scratch);
    const auto lines =
        oriented_lines(unit, options.oriented_sigma, scale, unit, scratch.filter, target);
    resize_cubic_above(lines,
                       scale / oriented_scale(scale),
                       options.oriented_threshold,
                       mask,
                       scratch.filter,
                       target);
  } else {
    const index_t rows = image.rows() * options.scale;
    const index_t cols = image.cols() * options.scale;
    scratch.response = scratch.response_memory.request_image<float>(rows, cols);
    respond(image, options, scratch.response, scratch, target);
    above(scratch.response, threshold_of(options, scratch), mask, target);
  }
  drop_small_objects(mask, options.min_object_px, scratch.objects, scratch.area_px);
}

void segment(ImageView<const float> image,
             const SegmentOptions& options,
             std::vector<std::uint8_t>& mask,
             SegmentScratch& scratch,
             Target target) {
  segment(image, options, scratch.mask, scratch, target);
  const BitImage& bits = scratch.mask;
  mask.resize(static_cast<std::size_t>(bits.rows() * bits.cols()));
  unpack(bits, {mask.data(), bits.rows(), bits.cols()});
}

}  // namespace gftcore
