// SPDX-License-Identifier: Apache-2.0
// Growth of vessels under any settings, and their drawing.
#include <algorithm>
#include <cmath>
#include <vector>

#include "../naive/drawing.hpp"
#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/synth/grow_vessels.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

/// One of several kinds of numbers around a usual one: most are valid, some are not.
double number(Bytes& bytes, double usual) {
  const int kind = bytes.byte();
  const double share = bytes.byte() / 128.0;
  if (kind == 255) return std::nan("");
  if (kind == 254) return -usual;
  if (kind == 253) return 0;
  if (kind == 252) return 1e300;
  return kind < 128 ? usual : usual * share;
}

GrowthMode read_mode(Bytes& bytes, GrowthMode mode) {
  mode.iterations = bytes.byte() % 8;
  mode.tries = bytes.byte() % 64;
  for (double* value : {&mode.eps_n_mm,
                        &mode.eps_s_mm,
                        &mode.eps_k_mm,
                        &mode.delta_mm,
                        &mode.gamma_degrees,
                        &mode.omega,
                        &mode.kappa,
                        &mode.turn_floor}) {
    *value = number(bytes, *value);
  }
  mode.steps_shrink = bytes.byte() % 2 == 0;
  return mode;
}

GrowthOptions read_options(Bytes& bytes) {
  GrowthOptions options;
  options.trees = bytes.byte() % 5;
  options.turn_after = bytes.byte() % 16;
  for (double* value : {&options.depth,
                        &options.step_mm,
                        &options.least_step_mm,
                        &options.radius_mm,
                        &options.faz_mean_mm,
                        &options.faz_sd_mm,
                        &options.turn_radius,
                        &options.spread_degrees,
                        &options.tissue_growth}) {
    *value = number(bytes, *value);
  }
  options.svc = read_mode(bytes, options.svc);
  options.dvc = read_mode(bytes, options.dvc);
  return options;
}

void check_forest(VesselForest forest, const GrowthOptions& options) {
  plant("parent", forest.parent);
  plant("radius", forest.radius);
  plant("tree", forest.tree);
  const std::size_t n = forest.parent.size();
  expect(forest.position.size() == n && forest.radius.size() == n && forest.kappa.size() == n &&
             forest.tree.size() == n && forest.is_vein.size() == n,
         "columns have one length");
  std::vector<std::vector<std::size_t>> children(n);
  index_t roots = 0;
  for (std::size_t node = 0; node < n; ++node) {
    const index_t parent = forest.parent[node];
    expect(parent < static_cast<index_t>(node), "parents stand before their children");
    expect(std::isfinite(forest.position[node].x) && std::isfinite(forest.position[node].y) &&
               std::isfinite(forest.position[node].z),
           "positions are finite");
    if (parent < 0) {
      same(index_t{forest.tree[node]}, roots, "trees are numbered by their roots");
      ++roots;
      continue;
    }
    const auto above = static_cast<std::size_t>(parent);
    children[above].push_back(node);
    same(forest.tree[node], forest.tree[above], "a tree is connected");
    same(forest.is_vein[node], forest.is_vein[above], "a tree is of one kind");
  }
  same(roots, 2 * options.trees, "every tree has one root");
  for (std::size_t node = 0; node < n; ++node) {
    const auto& below = children[node];
    expect(below.size() <= 2, "nodes have at most two children");
    double want = options.radius_mm / kFovMm;
    if (below.size() == 1) want = forest.radius[below[0]];
    if (below.size() == 2) {
      const double kappa = forest.kappa[node];
      want = std::pow(
          std::pow(forest.radius[below[0]], kappa) + std::pow(forest.radius[below[1]], kappa),
          1 / kappa);
    }
    if (std::abs(forest.radius[node] - want) > 1e-9 * want) differ("Murray's law", "broken");
  }
}

bool equal(const VesselForest& a, const VesselForest& b) {
  return a.position == b.position && a.parent == b.parent && a.radius == b.radius &&
         a.kappa == b.kappa && a.tree == b.tree && a.is_vein == b.is_vein && a.faz == b.faz;
}

void check_growth(Bytes& bytes) {
  const std::uint64_t seed = bytes.two_bytes();
  const GrowthOptions options = read_options(bytes);
  try {
    require_growth_options(options);
  } catch (const ValueError&) {
    bool refused = false;
    try {
      grow_vessels(options, seed);
    } catch (const ValueError&) {
      refused = true;
    }
    expect(refused, "bad options are refused");
    return;
  }
  const VesselForest forest = grow_vessels(options, seed);
  expect(equal(grow_vessels(options, seed), forest), "the same seed gives the same vessels");
  check_forest(forest, options);
}

void check_drawing(Bytes& bytes) {
  const index_t block = 1 + bytes.byte() % 4;
  const index_t side = block * (1 + bytes.byte() % 12);
  Random random(bytes.two_bytes());
  std::vector<PlaneVessel> vessels;
  const auto coordinate = [&] {
    // On the grid of half pixels, or anywhere, also beyond the field.
    const double fine = static_cast<double>(random.below(1 << 20)) / (1 << 20);
    const double coarse =
        static_cast<double>(random.below(2 * side + 1)) / static_cast<double>(2 * side);
    return random.chance(128) ? coarse : 1.5 * fine - 0.25;
  };
  const int count = bytes.byte() % 12;
  for (int i = 0; i < count; ++i) {
    PlaneVessel v{coordinate(), coordinate(), coordinate(), coordinate(), 0};
    if (random.chance(30)) v.x1 = v.x0;
    if (random.chance(30)) v.y1 = v.y0;
    v.radius = (1 + static_cast<double>(random.below(1000))) / (random.chance(20) ? 100 : 10000);
    vessels.push_back(v);
  }
  const auto area = static_cast<std::size_t>(side * side);
  std::vector<std::uint8_t> mask(area, 9);
  std::vector<float> grey(area, -1);
  draw_vessels(vessels, {mask.data(), side, side}, {grey.data(), side, side});
  plant("mask", mask);
  plant("grey", grey);
  const naive::Drawing want(vessels, side);
  same(mask, want.mask, "mask");
  close(grey, want.grey, 1e-6, "grey");

  const index_t small = side / block;
  std::vector<float> means(static_cast<std::size_t>(small * small), -1);
  block_means({grey.data(), side, side}, block, {means.data(), small, small});
  plant("means", means);
  std::vector<double> sums(means.size());
  for (index_t r = 0; r < side; ++r) {
    for (index_t c = 0; c < side; ++c) {
      sums[static_cast<std::size_t>(r / block * small + c / block)] +=
          static_cast<double>(grey[static_cast<std::size_t>(r * side + c)]);
    }
  }
  for (double& sum : sums) sum /= static_cast<double>(block * block);
  close(means, sums, 1e-6, "block means");
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  Bytes bytes(data);
  if (bytes.byte() % 2 == 0) {
    check_drawing(bytes);
  } else {
    check_growth(bytes);
  }
}

}  // namespace gftcore::fuzz
