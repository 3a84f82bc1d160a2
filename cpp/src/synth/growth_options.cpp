// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "gftcore/synth/grow_vessels.hpp"
#include "option_checks.hpp"

namespace gftcore {
namespace {

constexpr index_t kMostIterations = 1000;
constexpr index_t kMostTries = 100000;
constexpr index_t kMostTrees = 1000;
constexpr double kLeastRadiusMm = 1e-5;

void require_mode(const GrowthMode& mode, const std::string& stage) {
  require_within<index_t>(mode.iterations, 0, kMostIterations, stage + ".iterations");
  require_within<index_t>(mode.tries, 0, kMostTries, stage + ".tries");
  require_positive(mode.eps_n_mm, kFovMm, stage + ".eps_n_mm");
  require_positive(mode.eps_s_mm, kFovMm, stage + ".eps_s_mm");
  require_positive(mode.eps_k_mm, kFovMm, stage + ".eps_k_mm");
  require_positive(mode.delta_mm, kFovMm, stage + ".delta_mm");
  require_positive(mode.gamma_degrees, 180, stage + ".gamma_degrees");
  require_within<double>(mode.omega, 0, 1, stage + ".omega");
  require_within<double>(mode.kappa, 2, 4, stage + ".kappa");
  require_within<double>(mode.turn_floor, 0, 1, stage + ".turn_floor");
}

}  // namespace

void require_growth_options(const GrowthOptions& options) {
  require_mode(options.svc, "svc");
  require_mode(options.dvc, "dvc");
  require_within<index_t>(options.trees, 1, kMostTrees, "trees");
  require_positive(options.depth, 1, "depth");
  require_positive(options.step_mm, kFovMm, "step_mm");
  require_positive(options.least_step_mm, kFovMm, "least_step_mm");
  require_within<double>(options.radius_mm, kLeastRadiusMm, kFovMm, "radius_mm");
  require_within<double>(options.faz_mean_mm, 0, kFovMm, "faz_mean_mm");
  require_within<double>(options.faz_sd_mm, 0, kFovMm, "faz_sd_mm");
  require_within<double>(options.turn_radius, 0, 1, "turn_radius");
  require_within<index_t>(options.turn_after, 0, 2 * kMostIterations, "turn_after");
  require_within<double>(options.spread_degrees, 0, 180, "spread_degrees");
  require_within<double>(options.tissue_growth, 0, 1, "tissue_growth");
}

}  // namespace gftcore
