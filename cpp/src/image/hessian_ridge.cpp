// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/hessian_ridge.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "gftcore/common/error.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/resize.hpp"
#include "polyphase_filter.hpp"

namespace gftcore {
namespace {

constexpr int kOrders = 3;

struct SigmaTaps {
  std::array<AxisTaps, kOrders> order;

  simd::HessianTaps view() const {
    return {order[0].reach, {order[0].view(), order[1].view(), order[2].view()}};
  }
};

/// Derivative taps of orders 0, 1, 2 with one reach, times sigma^order: the product along both axes
/// then carries sigma^2 whichever way the second derivative is split.
SigmaTaps sigma_taps(double sigma, index_t scale) {
  SigmaTaps taps;
  index_t reach = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {  // the second time all orders know the reach
    double gain = 1;
    for (int k = 0; k < kOrders; ++k) {
      std::vector<double> kernel = gaussian_taps(sigma, k);
      for (double& tap : kernel) tap *= gain;
      auto& axis = taps.order[static_cast<std::size_t>(k)];
      axis = enlarging_taps(kernel, scale, reach);
      reach = std::max(reach, axis.reach);
      gain *= sigma;
    }
  }
  return taps;
}

void run_kernel(const simd::RidgeJob& job, Target target) {
#if defined(__x86_64__)
  if (target == Target::avx512) return simd::ridge_avx512(job);
  if (target == Target::avx2) return simd::ridge_avx2(job);
#endif
  static_cast<void>(target);
  simd::ridge_scalar(job);
}

}  // namespace

void hessian_ridge(ImageView<const float> image,
                   index_t scale,
                   std::span<const double> sigmas_px,
                   ImageView<float> out,
                   FilterScratch& scratch,
                   Target target) {
  require_scalable(image, scale, "image");
  if (out.rows() != image.rows() * scale || out.cols() != image.cols() * scale) {
    throw ShapeError("out must be scale times as large as image");
  }
  if (sigmas_px.empty()) throw ValueError("sigmas_px must hold at least one value, got none");
  std::vector<SigmaTaps> owners;
  std::vector<simd::HessianTaps> views;
  owners.reserve(sigmas_px.size());
  views.reserve(sigmas_px.size());
  index_t reach = 0;
  for (const double sigma : sigmas_px) {
    gaussian_reach(sigma, "sigmas_px");
    owners.push_back(sigma_taps(sigma, scale));
    reach = std::max(reach, owners.back().order[0].reach);
  }
  for (const SigmaTaps& taps : owners) views.push_back(taps.view());
  run_kernel({.image = padded(image, reach, scratch),
              .scale = scale,
              .sigmas = views.data(),
              .num_sigmas = static_cast<index_t>(views.size()),
              .memory = block_memory(image.rows(), scale, reach, kOrders, scratch),
              .out = out.data()},
             target);
}

}  // namespace gftcore
