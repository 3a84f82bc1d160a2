// SPDX-License-Identifier: Apache-2.0
#include "gftcore/synth/grow_vessels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "attractors.hpp"
#include "decisions.hpp"
#include "gftcore/synth/portable_math.hpp"
#include "gftcore/synth/random_stream.hpp"
#include "growing_forest.hpp"

namespace gftcore {
namespace {

using synth::Attractors;
using synth::Decisions;
using synth::GrowingForest;
using synth::PointGrid;
using synth::Shoot;
using synth::Stage;

// Oxygen around a vessel: 2 * 0.02 * 0.2039 fields of view at most, where its radius is 3.5 um.
constexpr double kPerfusionReach = 2 * 0.02 * 0.2039;
constexpr double kPerfusionRadiusMm = 0.0035;

double perfusion_distance(double radius) {
  const double q = kFovMm * radius / kPerfusionRadiusMm;
  return kPerfusionReach * (q * portable::exp(1 - q));
}

/// Attractors handed to their nodes: lists of indices, ascending, for each node.
class Assignment {
 public:
  void assign(const Attractors& attractors, double reach, index_t nodes) {
    first_.assign(static_cast<std::size_t>(nodes), -1);
    last_.resize(static_cast<std::size_t>(nodes));
    const auto& alive = attractors.alive();
    next_.assign(alive.size(), -1);
    for (std::size_t i = 0; i < alive.size(); ++i) {
      const index_t node = attractors.nearest(alive[i], reach);
      if (node < 0) continue;
      const auto n = static_cast<std::size_t>(node);
      (first_[n] < 0 ? first_[n] : next_[static_cast<std::size_t>(last_[n])]) =
          static_cast<index_t>(i);
      last_[n] = static_cast<index_t>(i);
    }
  }

  /// Calls visit(node, positions) for each node that has some, by index.
  template <class Visit>
  void for_each(const Attractors& attractors, Visit visit) {
    for (std::size_t node = 0; node < first_.size(); ++node) {
      if (first_[node] < 0) continue;
      positions_.clear();
      for (index_t i = first_[node]; i >= 0; i = next_[static_cast<std::size_t>(i)]) {
        positions_.push_back(attractors.position(attractors.alive()[static_cast<std::size_t>(i)]));
      }
      visit(static_cast<index_t>(node), positions_);
    }
  }

 private:
  std::vector<index_t> first_, last_, next_;
  std::vector<Vec3> positions_;
};

class Growth {
 public:
  Growth(const GrowthOptions& options, RandomStream random)
      : options_(options), random_(random), sinks_(arteries_), sources_(veins_) {
    const double drawn = random_.normal() * options.faz_sd_mm + options.faz_mean_mm;
    faz_ = std::max(0.0, drawn) / kFovMm;
    for (GrowingForest* forest : {&arteries_, &veins_}) {
      for (index_t i = 0; i < options.trees; ++i) plant(*forest);
    }
    update_perfusion();
  }

  void run(const GrowthMode& mode) {
    Stage stage(options_, mode, faz_);
    double scale = 1;
    for (index_t i = 0; i < mode.iterations; ++i) {
      stage.begin(t_, scale);
      if (i == 0) {
        sinks_.search_again(stage.delta);
        sources_.search_again(stage.delta);
      }
      iterate(stage);
      scale += options_.tissue_growth;
      ++t_;
    }
  }

  VesselForest result() const {
    VesselForest out;
    out.faz = faz_;
    append(arteries_, 0, out);
    append(veins_, 1, out);
    return out;
  }

 private:
  void plant(GrowingForest& forest) {
    const auto wall = static_cast<int>(4 * random_.uniform());
    const double place = random_.uniform();
    const double z = random_.uniform() * options_.depth;
    const double step = options_.step_mm / kFovMm;
    const double inward = random_.uniform(0.1, 1);
    const double along = random_.uniform(place - step > 0 ? -1 : 0, place + step < 1 ? 1 : 0);
    const bool across_x = wall < 2;
    const bool far = wall % 2 == 1;
    const double level = far ? 1 : 0;
    const double into = far ? -inward : inward;
    const Vec3 root = across_x ? Vec3{level, place, z} : Vec3{place, level, z};
    const Vec3 direction = unit(across_x ? Vec3{into, along, 0} : Vec3{along, into, 0});
    forest.add_stump(
        root, root + step * direction, options_.radius_mm / kFovMm, options_.svc.kappa);
  }

  void iterate(const Stage& stage) {
    draw_sinks(stage);
    grow(stage, arteries_, sinks_);
    update_perfusion();
    sinks_.satisfy(stage.eps_k, [&](Vec3 sink) {
      if (!veins_.all().any_within(sink, stage.eps_k)) sources_.add(sink, stage.delta);
    });
    sinks_.update(stage.delta);
    grow(stage, veins_, sources_);
    sources_.satisfy(stage.eps_k, [](Vec3) {});
    sources_.update(stage.delta);
  }

  void draw_sinks(const Stage& stage) {
    // No vessel perfuses farther than that, so a longer search would change nothing.
    const double search = std::min(std::max(stage.eps_n, stage.eps_k), kPerfusionReach * 1.001);
    const double least = (faz_ / 2) * (faz_ / 2);
    for (index_t i = 0; i < stage.mode.tries; ++i) {
      const double x = random_.uniform();
      const double y = random_.uniform();
      const double z = random_.uniform() * options_.depth;
      const double dx = x - 0.5;
      const double dy = y - 0.5;
      if (!(dx * dx + dy * dy > least)) continue;
      const Vec3 p{x, y, z};
      if (sinks_.any_within(p, stage.eps_s)) continue;
      const bool perfused =
          arteries_.all().any_within(p, search, [&](const PointGrid::Entry& node, double squared) {
            return squared <= perfused_squared_[static_cast<std::size_t>(node.id)];
          });
      if (!perfused) sinks_.add(p, stage.delta);
    }
  }

  void grow(const Stage& stage, GrowingForest& forest, const Attractors& attractors) {
    Decisions decisions(stage, forest, random_);
    shoots_.clear();
    assignment_.assign(attractors, stage.delta, forest.size());
    assignment_.for_each(attractors, [&](index_t node, const std::vector<Vec3>& positions) {
      decisions.decide(node, positions, shoots_);
    });
    forest.add(shoots_, stage.radius, stage.mode.kappa);
  }

  void update_perfusion() {
    const auto known = static_cast<index_t>(perfused_squared_.size());
    perfused_squared_.resize(static_cast<std::size_t>(arteries_.size()));
    for (index_t node = known; node < arteries_.size(); ++node) perfuse(node);
    for (const index_t node : arteries_.resized()) perfuse(node);
  }

  void perfuse(index_t node) {
    const double distance = perfusion_distance(arteries_.radius(node));
    perfused_squared_[static_cast<std::size_t>(node)] = distance * distance;
  }

  void append(const GrowingForest& forest, std::uint8_t is_vein, VesselForest& out) const {
    const auto offset = static_cast<index_t>(out.position.size());
    const auto first_tree = static_cast<std::int32_t>(is_vein ? options_.trees : 0);
    for (index_t node = 0; node < forest.size(); ++node) {
      const index_t parent = forest.parent(node);
      out.position.push_back(forest.position(node));
      out.parent.push_back(parent < 0 ? -1 : parent + offset);
      out.radius.push_back(forest.radius(node));
      out.kappa.push_back(forest.kappa(node));
      out.tree.push_back(forest.tree(node) + first_tree);
      out.is_vein.push_back(is_vein);
    }
  }

  const GrowthOptions& options_;
  RandomStream random_;
  double faz_ = 0;
  index_t t_ = 0;
  GrowingForest arteries_, veins_;
  Attractors sinks_, sources_;
  std::vector<double> perfused_squared_;  // squared perfusion distance of each artery's node
  Assignment assignment_;
  std::vector<Shoot> shoots_;
};

}  // namespace

VesselForest grow_vessels(const GrowthOptions& options, std::uint64_t seed, std::uint64_t stream) {
  require_growth_options(options);
  Growth growth(options, RandomStream(seed, stream));
  growth.run(options.svc);
  growth.run(options.dvc);
  return growth.result();
}

}  // namespace gftcore
