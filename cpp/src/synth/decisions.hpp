// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/index.hpp"
#include "gftcore/synth/grow_vessels.hpp"
#include "gftcore/synth/random_stream.hpp"
#include "gftcore/synth/vec3.hpp"
#include "growing_forest.hpp"

namespace gftcore::synth {

/// What the growth of an iteration depends on, in fields of view.
struct Stage {
  Stage(const GrowthOptions& options, const GrowthMode& mode, double faz);

  /// Sets what changes from iteration to iteration; `t` counts over both stages.
  void begin(index_t t, double scale);

  const GrowthOptions& options;
  const GrowthMode& mode;
  double faz;             // the foveal parameter
  double radius;          // of a terminal vessel
  double cos_half_gamma;  // of the cone
  double sin_half_gamma;
  double eps_n = 0, eps_s = 0, eps_k = 0, delta = 0, step = 0;
  bool turns = false;  // vessels turn around the fovea
};

/// Decides how a node grows towards the attractors that it was given, by steps 3 to 5 of
/// grow_vessels(). The forest does not change.
class Decisions {
 public:
  Decisions(const Stage& stage, const GrowingForest& forest, RandomStream& random)
      : stage_(stage), forest_(forest), random_(random) {}

  /// Appends the node's shoots.
  void decide(index_t node, const std::vector<Vec3>& attractors, std::vector<Shoot>& shoots);

 private:
  void decide_leaf(index_t node, const std::vector<Vec3>& attractors, std::vector<Shoot>& shoots);
  void decide_sprout(index_t node, const std::vector<Vec3>& attractors, std::vector<Shoot>& shoots);
  void split(index_t node, std::vector<Shoot>& shoots) const;
  Vec3 turned(Vec3 p, Vec3 g) const;
  void take(Vec3 attractor, Vec3 towards);
  void clear();
  bool gate_opens(Vec3 p);

  const Stage& stage_;
  const GrowingForest& forest_;
  RandomStream& random_;
  std::vector<Vec3> taken_;
  std::vector<double> angle_;
  Vec3 sum_;  // of the unit vectors to those taken
};

}  // namespace gftcore::synth
