// SPDX-License-Identifier: Apache-2.0
// The nearest point of each pixel's own component.
#include <limits>
#include <vector>

#include "../naive/grid.hpp"
#include "check.hpp"
#include "gftcore/morphology/nearest_point.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

using Points = std::vector<std::int32_t>;

/// By looking at every point.
Points nearest(const BitImage& vessels, const Points& points) {
  label_t count = 0;
  const naive::Labels label = naive::components(naive::mask_of(vessels), true, count);
  struct Site {
    std::int32_t row, col, id;
  };
  std::vector<std::vector<Site>> sites(static_cast<std::size_t>(count) + 1);
  const auto cols = static_cast<std::int32_t>(vessels.cols());
  for (std::size_t id = 0; id < points.size(); ++id) {
    const label_t own = label.values[static_cast<std::size_t>(points[id])];
    sites[static_cast<std::size_t>(own)].push_back(
        {points[id] / cols, points[id] % cols, static_cast<std::int32_t>(id)});
  }
  Points out;
  for (std::int32_t r = 0; r < vessels.rows(); ++r) {
    for (std::int32_t c = 0; c < vessels.cols(); ++c) {
      const label_t own = label.get(r, c);
      std::int32_t best = std::numeric_limits<std::int32_t>::max();
      std::int32_t winner = -1;
      for (const Site& site : sites[static_cast<std::size_t>(own)]) {
        const std::int32_t d2 = (site.row - r) * (site.row - r) + (site.col - c) * (site.col - c);
        if (own == 0 || d2 >= best) continue;
        best = d2;
        winner = site.id;
      }
      out.push_back(winner);
    }
  }
  return out;
}

/// A few anywhere, many anywhere, or every n-th vessel pixel; ids in any order in space.
Points choose_points(const Scene& scene, Bytes& bytes) {
  Points points;
  const index_t area = scene.shape.area();
  if (area == 0) return points;
  Random random(scene.option(1));
  const int kind = scene.option(0) % 4;
  if (kind == 0) {
    for (int i = scene.option(2) % 8; i > 0; --i) {
      points.push_back(static_cast<std::int32_t>(bytes.below(area)));
    }
  } else if (kind == 1) {
    for (int i = scene.option(2); i > 0; --i) {
      points.push_back(static_cast<std::int32_t>(random.below(area)));
    }
  } else {
    const index_t step = 1 + scene.option(2) % 40;
    for (index_t i = scene.option(3) % step; i < area; i += step) {
      if (!scene.mask.test(i / scene.shape.cols, i % scene.shape.cols)) continue;
      points.push_back(static_cast<std::int32_t>(i));
    }
    if (kind == 3) {
      for (std::size_t i = points.size(); i > 1; --i) {
        std::swap(points[i - 1],
                  points[static_cast<std::size_t>(random.below(static_cast<index_t>(i)))]);
      }
    }
  }
  return points;
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static NearestScratch scratch;
  static Labelling components;
  static Points out;
  Bytes bytes(data);
  scene.read(bytes, {.area = 1100});
  const Points points = choose_points(scene, bytes);
  const Points want = nearest(scene.mask, points);
  label_runs(scene.mask, Connectivity::eight, components);
  for (const Target target : available_targets()) {
    out.assign(want.size(), -7);
    nearest_point(scene.mask,
                  components,
                  points,
                  {out.data(), scene.shape.rows, scene.shape.cols},
                  scratch,
                  target);
    plant("nearest_point", target, out);
    same(out, want, "nearest_point");
  }
}

}  // namespace gftcore::fuzz
