// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "gftcore/common/error.hpp"
#include "gftcore/synth/grow_vessels.hpp"

namespace gftcore {
namespace {

GrowthOptions profile(index_t svc, index_t dvc) {
  GrowthOptions options;
  options.svc.iterations = svc;
  options.dvc.iterations = dvc;
  return options;
}

bool same(const VesselForest& a, const VesselForest& b) {
  return a.position == b.position && a.parent == b.parent && a.radius == b.radius &&
         a.kappa == b.kappa && a.tree == b.tree && a.is_vein == b.is_vein && a.faz == b.faz;
}

TEST_CASE("trees are binary trees and radii follow Murray's law") {
  const GrowthOptions options = profile(30, 40);
  const VesselForest forest = grow_vessels(options, 3);
  const std::size_t count = forest.parent.size();
  REQUIRE(count > 3000);
  std::vector<std::vector<std::size_t>> children(count);
  int roots = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const index_t parent = forest.parent[i];
    if (parent < 0) {
      ++roots;
      continue;
    }
    const auto up = static_cast<std::size_t>(parent);
    REQUIRE(up < i);
    CHECK(forest.tree[up] == forest.tree[i]);
    CHECK(forest.is_vein[up] == forest.is_vein[i]);
    children[up].push_back(i);
  }
  CHECK(roots == 16);
  const double terminal = options.radius_mm / kFovMm;
  index_t bifurcations = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (children[i].empty()) CHECK(forest.radius[i] == terminal);
    if (children[i].size() == 1) CHECK(forest.radius[i] == forest.radius[children[i][0]]);
    if (children[i].size() < 2) continue;
    REQUIRE(children[i].size() == 2);
    CHECK(forest.parent[i] >= 0);  // roots do not branch
    ++bifurcations;
    const double kappa = forest.kappa[i];
    const double below = std::pow(forest.radius[children[i][0]], kappa) +
                         std::pow(forest.radius[children[i][1]], kappa);
    CHECK(std::pow(forest.radius[i], kappa) == doctest::Approx(below).epsilon(1e-12));
  }
  CHECK(bifurcations > 500);
}

TEST_CASE("pieces have the length of a step") {
  const VesselForest forest = grow_vessels(profile(20, 0), 4);
  const double longest = GrowthOptions{}.step_mm / kFovMm;
  const double least = GrowthOptions{}.least_step_mm / kFovMm;
  double shortest = 1;
  for (std::size_t i = 0; i < forest.parent.size(); ++i) {
    if (forest.parent[i] < 0) continue;
    const double piece =
        length(forest.position[i] - forest.position[static_cast<std::size_t>(forest.parent[i])]);
    CHECK(piece < longest + 1e-12);
    shortest = std::min(shortest, piece);
  }
  CHECK(shortest > least);  // 20 iterations are too few to reach the least step
}

TEST_CASE("the same seed gives the same bytes, also in other threads") {
  const GrowthOptions options = profile(12, 10);
  const VesselForest alone = grow_vessels(options, 9);
  CHECK(same(alone, grow_vessels(options, 9)));
  CHECK_FALSE(same(alone, grow_vessels(options, 10)));
  CHECK_FALSE(same(alone, grow_vessels(options, 9, 1)));
  std::vector<VesselForest> grown(4);
  std::vector<std::thread> threads;
  for (VesselForest& one : grown) {
    threads.emplace_back([&one, &options] { one = grow_vessels(options, 9); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const VesselForest& one : grown) CHECK(same(alone, one));
}

TEST_CASE("no vessel enters the fovea of a grown eye") {
  const VesselForest forest = grow_vessels(GrowthOptions{}, 2);
  for (const Vec3 p : forest.position) CHECK(std::hypot(p.x - 0.5, p.y - 0.5) > forest.faz / 2);
}

TEST_CASE("without iterations only stumps stand") {
  GrowthOptions options = profile(0, 0);
  options.trees = 3;
  const VesselForest forest = grow_vessels(options, 1);
  REQUIRE(forest.parent.size() == 12);
  for (std::size_t root = 0; root < 12; root += 2) {
    const Vec3 p = forest.position[root];
    const Vec3 child = forest.position[root + 1];
    CHECK(forest.parent[root] == -1);
    CHECK(forest.parent[root + 1] == static_cast<index_t>(root));
    CHECK((p.x == 0 || p.x == 1 || p.y == 0 || p.y == 1));
    CHECK((child.x > 0 && child.x < 1 && child.y > 0 && child.y < 1));
    CHECK(child.z == p.z);
    CHECK(forest.is_vein[root] == (root < 6 ? 0 : 1));
    CHECK(forest.tree[root] == static_cast<int>(root / 2));
  }
}

TEST_CASE("extreme options are survived") {
  GrowthOptions options = profile(8, 8);
  SUBCASE("no fovea") { options.faz_mean_mm = options.faz_sd_mm = 0; }
  SUBCASE("nothing but fovea") { options.faz_mean_mm = 3; }
  SUBCASE("no sinks") { options.svc.tries = options.dvc.tries = 0; }
  SUBCASE("half spheres") { options.svc.gamma_degrees = options.dvc.gamma_degrees = 180; }
  SUBCASE("a wide view") {
    options.svc.delta_mm = options.dvc.delta_mm = 3;
    options.svc.eps_k_mm = 3;
  }
  SUBCASE("cubic slab") { options.depth = 1; }
  SUBCASE("straight on") { options.svc.omega = options.dvc.omega = 1; }
  SUBCASE("full turns") {
    options.turn_radius = options.svc.turn_floor = options.dvc.turn_floor = 1;
    options.turn_after = 0;
  }
  SUBCASE("long steps") { options.step_mm = options.least_step_mm = 3; }
  SUBCASE("square law") { options.svc.kappa = options.dvc.kappa = 2; }
  const VesselForest forest = grow_vessels(options, 5);
  for (const Vec3 p : forest.position) {
    CHECK(std::isfinite(p.x + p.y + p.z));
  }
  for (const double radius : forest.radius) CHECK((radius > 0 && std::isfinite(radius)));
}

TEST_CASE("options outside their domain are refused") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto refused = [](auto change) {
    GrowthOptions options = profile(1, 1);
    change(options);
    CHECK_THROWS_AS(grow_vessels(options, 0), ValueError);
  };
  refused([](GrowthOptions& o) { o.svc.iterations = -1; });
  refused([](GrowthOptions& o) { o.dvc.iterations = 1001; });
  refused([](GrowthOptions& o) { o.dvc.tries = 100001; });
  refused([](GrowthOptions& o) { o.svc.eps_n_mm = 0; });
  refused([](GrowthOptions& o) { o.svc.eps_s_mm = kNan; });
  refused([](GrowthOptions& o) { o.dvc.eps_k_mm = -1; });
  refused([](GrowthOptions& o) { o.dvc.delta_mm = 4; });
  refused([](GrowthOptions& o) { o.dvc.gamma_degrees = 181; });
  refused([](GrowthOptions& o) { o.dvc.omega = 1.1; });
  refused([](GrowthOptions& o) { o.dvc.kappa = 1.9; });
  refused([](GrowthOptions& o) { o.dvc.turn_floor = 2; });
  refused([](GrowthOptions& o) { o.trees = 0; });
  refused([](GrowthOptions& o) { o.depth = 0; });
  refused([](GrowthOptions& o) { o.step_mm = kNan; });
  refused([](GrowthOptions& o) { o.least_step_mm = 0; });
  refused([](GrowthOptions& o) { o.radius_mm = -0.1; });
  refused([](GrowthOptions& o) { o.faz_mean_mm = -0.1; });
  refused([](GrowthOptions& o) { o.faz_sd_mm = kNan; });
  refused([](GrowthOptions& o) { o.turn_radius = 1.5; });
  refused([](GrowthOptions& o) { o.turn_after = -1; });
  refused([](GrowthOptions& o) { o.spread_degrees = -1; });
  refused([](GrowthOptions& o) { o.tissue_growth = -0.1; });
}

}  // namespace
}  // namespace gftcore
