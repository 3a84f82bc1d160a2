// SPDX-License-Identifier: Apache-2.0
// Vessel masks of raw images: the response, the threshold, and the objects that are dropped.
#include "gftcore/image/segment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../naive/filters.hpp"
#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/image/resize.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSigmas[] = {3.0, 1.0, 0.4, 2.0};
constexpr double kThresholds[] = {0.0, 0.02, -0.05, 0.2};

struct Job {
  Shape shape;
  std::vector<float> pixels;
  SegmentOptions options;
  bool valid = true;
  bool as_bytes = false;
  std::size_t fast_target = 0;  // compared beside scalar
  naive::Grey want;             // the response, where float32 suffices to follow its definition

  ImageView<const float> view() const { return {pixels.data(), shape.rows, shape.cols}; }
};

/// One option outside its domain.
void spoil_option(int kind, Job& job) {
  job.valid = false;
  switch (kind % 9) {
    case 0:
      job.options.scale = 0;
      break;
    case 1:
      job.options.scale = kMaxScale + 1;
      break;
    case 2:
      job.options.min_object_px = -1;
      break;
    case 3:
      job.options.local_contrast_sigma = kind % 2 == 0 ? 0.0 : kNaN;
      break;
    case 4:
      job.options.ridge_sigmas_px.clear();
      break;
    case 5:
      job.options.ridge_sigmas_px.push_back(1000);
      break;
    case 6:
      job.options.ridge_quantile = kind % 2 == 0 ? 1.5 : kNaN;
      break;
    case 7:
      job.options.contrast_threshold = kNaN;
      break;
    default:
      if (job.pixels.empty()) break;
      job.pixels[static_cast<std::size_t>(kind) % job.pixels.size()] =
          std::numeric_limits<float>::infinity();
      break;
  }
}

void read_job(Bytes& bytes, Job& job) {
  job.valid = true;
  job.shape = read_shape(bytes, {.area = 100, .longest = 40});
  const int kind = bytes.byte();
  const int numbers = bytes.byte();
  SegmentOptions& options = job.options;
  options = SegmentOptions{};
  options.method = kind % 2 == 0 ? SegmentMethod::local_contrast : SegmentMethod::ridge;
  options.scale = 1 + kind / 2 % 4;
  options.ridge_normalise = kind / 8 % 4 == 0;
  options.ridge_threshold = static_cast<RidgeThreshold>(kind / 16 % 3);
  options.min_object_px = bytes.byte() % 40;
  options.local_contrast_sigma = numbers / 64 == 3 && kind >= 192 ? 12.0 : kSigmas[numbers % 4];
  options.contrast_threshold = kThresholds[numbers / 4 % 4];
  options.ridge_value = kThresholds[numbers / 16 % 4];
  options.ridge_quantile = static_cast<double>(bytes.byte()) / 255.0;
  options.ridge_sigmas_px.assign(1, 1.0 + numbers / 64);
  if (numbers % 8 == 0) options.ridge_sigmas_px.push_back(0.8);
  const index_t largest = 400;
  const index_t squared = options.scale * options.scale;
  while (job.shape.area() * squared > largest && job.shape.rows > 1) --job.shape.rows;
  while (job.shape.area() * squared > largest && job.shape.cols > 1) --job.shape.cols;
  const std::uint8_t grey = bytes.byte();
  grey_values(grey, bytes.byte(), job.shape, job.pixels);
  const int more = bytes.byte();
  job.as_bytes = more % 4 == 0;
  job.fast_target = static_cast<std::size_t>(more / 4);
  const int broken = bytes.byte();
  if (broken % 16 == 0) spoil_option(broken / 16 * 9 + bytes.byte() % 9, job);
  if (job.shape.area() == 0) job.valid = false;
}

void find_response(Job& job) {
  job.want = {};
  const bool ridge = job.options.method == SegmentMethod::ridge;
  if (ridge && job.options.ridge_normalise) return;
  const double low = *std::ranges::min_element(job.pixels);
  const double high = *std::ranges::max_element(job.pixels);
  naive::Grey unit = naive::grey_of(job.pixels, job.shape.rows, job.shape.cols);
  for (double& x : unit.values) x = high > low ? (x - low) / (high - low) : 0;
  if (ridge) {
    naive::Grey large = naive::enlarged(unit, job.options.scale);
    for (double& x : large.values) x = std::clamp(x, 0.0, 1.0);
    job.want = naive::ridges(large, 1, job.options.ridge_sigmas_px);
  } else {
    job.want = naive::contrast(unit, job.options.local_contrast_sigma, job.options.scale);
  }
}

void check_response(const Job& job, const std::vector<float>& got) {
  if (!job.want.values.empty()) close(got, job.want.values, 5e-5, "response");
}

/// Above the threshold, in an 8-connected object of enough pixels.
BitImage naive_mask(const Job& job, const std::vector<float>& response, Shape shape) {
  double threshold = job.options.contrast_threshold;
  if (job.options.method == SegmentMethod::ridge) {
    threshold = job.options.ridge_value;
    if (job.options.ridge_threshold == RidgeThreshold::otsu) threshold = otsu_threshold(response);
    if (job.options.ridge_threshold == RidgeThreshold::quantile) {
      std::vector<float> sorted = response;
      std::ranges::sort(sorted);
      const double rank = job.options.ridge_quantile * static_cast<double>(sorted.size() - 1);
      threshold = double{sorted[static_cast<std::size_t>(std::floor(rank))]};
    }
  }
  naive::Mask mask(shape.rows, shape.cols);
  for (std::size_t i = 0; i < response.size(); ++i) {
    mask.values[i] = double{response[i]} > threshold ? 1 : 0;
  }
  label_t count = 0;
  const naive::Labels objects = naive::components(mask, true, count);
  const std::vector<index_t> area = naive::areas(objects, count);
  for (std::size_t i = 0; i < response.size(); ++i) {
    const auto object = static_cast<std::size_t>(objects.values[i]);
    if (object != 0 && area[object] < job.options.min_object_px) mask.values[i] = 0;
  }
  return naive::bits_of(mask);
}

void response_of(const Job& job, Target target, ImageView<float> out, SegmentScratch& scratch) {
  const SegmentOptions& options = job.options;
  if (options.method == SegmentMethod::ridge) {
    ridge_response(job.view(),
                   options.ridge_sigmas_px,
                   options.ridge_normalise,
                   options.scale,
                   out,
                   scratch,
                   target);
  } else {
    contrast_response(
        job.view(), options.local_contrast_sigma, options.scale, out, scratch, target);
  }
}

void check_target(const Job& job, Target target, SegmentScratch& scratch) {
  BitImage mask;
  segment(job.view(), job.options, mask, scratch, target);
  const std::vector<float> unplanted(scratch.response.data(),
                                     scratch.response.data() + scratch.response.size());
  std::vector<float> response = unplanted;
  plant("response", target, response);
  const Shape shape{job.shape.rows * job.options.scale, job.shape.cols * job.options.scale};
  same(std::ssize(response), shape.area(), "size of the response");
  plant("mask", target, mask);
  same(mask, naive_mask(job, unplanted, shape), "mask");
  expect_clean_guards(mask, "guards of the mask");
  check_response(job, response);
  if (job.as_bytes) {
    std::vector<std::uint8_t> bytes;
    segment(job.view(), job.options, bytes, scratch, target);
    plant("mask as bytes", target, bytes);
    same(bytes, naive::mask_of(mask).values, "mask as bytes");
  } else {
    static SegmentScratch other;
    std::vector<float> again(response.size());
    response_of(job, target, {again.data(), shape.rows, shape.cols}, other);
    plant("response alone", target, again);
    same_bytes(response, again, "response of the same target");
  }
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static SegmentScratch scratch;
  static Job job;
  Bytes bytes(data);
  read_job(bytes, job);
  if (!job.valid) {
    bool refused = false;
    try {
      BitImage mask;
      segment(job.view(), job.options, mask, scratch);
    } catch (const Error&) {
      refused = true;
    }
    expect(refused, "bad settings and images are refused");
    return;
  }
  find_response(job);
  const auto targets = available_targets();
  check_target(job, Target::scalar, scratch);
  if (targets.size() > 1) {
    check_target(job, targets[1 + job.fast_target % (targets.size() - 1)], scratch);
  }
}

}  // namespace gftcore::fuzz
