// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "gftcore/common/index.hpp"
#include "gftcore/synth/vec3.hpp"

namespace gftcore {

/// Side of the field of view in mm; lengths in mm are divided by it.
inline constexpr double kFovMm = 3;

/// A stage of growth. Lengths in mm at the start of the stage, before tissue growth divides them.
struct GrowthMode {
  index_t iterations = 0;
  index_t tries = 2000;       // random places for sinks in an iteration
  double eps_n_mm = 0;        // arteries within max(eps_n, eps_k) of a place may perfuse it
  double eps_s_mm = 0;        // sinks are farther apart
  double eps_k_mm = 0;        // a new node satisfies what lies within
  double delta_mm = 0;        // a node perceives what lies within
  double gamma_degrees = 0;   // full angle of the cone in which it does
  double omega = 0;           // share of the old direction in the new one
  double kappa = 0;           // exponent of Murray's law
  double turn_floor = 0;      // least square of the turn around the fovea
  bool steps_shrink = false;  // with the tissue; else every step is the least one

  friend bool operator==(const GrowthMode&, const GrowthMode&) = default;
};

/// Settings of grow_vessels(); the defaults are those of an eye.
struct GrowthOptions {
  /// The superficial complex grows first, then the deep one.
  GrowthMode svc{100, 2000, 0.18, 0.135, 0.135, 0.2925, 50, 0.3, 2.55, 0, true};
  GrowthMode dvc{155, 2000, 0.09, 0.0675, 0.0675, 0.14625, 90, 0, 2.9, 0.01, false};
  index_t trees = 8;      // of arteries, and as many of veins
  double depth = 0.0131;  // of the slab, in fields of view
  double step_mm = 0.1;   // at the start
  double least_step_mm = 0.04;
  double radius_mm = 0.0025;  // of a terminal vessel
  double faz_mean_mm = 0.44;  // the foveal parameter F is normal
  double faz_sd_mm = 0.04;
  double turn_radius = 0.35;    // around the centre, in fields of view, where vessels turn
  index_t turn_after = 15;      // iterations, over both stages
  double spread_degrees = 15;   // standard deviation of angles above which a tip splits
  double tissue_growth = 0.02;  // added to the scale in each iteration

  friend bool operator==(const GrowthOptions&, const GrowthOptions&) = default;
};

/// V nodes of rooted binary trees, arteries before veins. A parent stands before its children, and
/// a node that is no root stands for the vessel from its parent to it.
struct VesselForest {
  std::vector<Vec3> position;         // [V] in fields of view; the slab is 1 x 1 x depth
  std::vector<index_t> parent;        // [V], -1 at a root
  std::vector<double> radius;         // [V] of the vessel, in fields of view; at a root its child's
  std::vector<double> kappa;          // [V] of Murray's law at the node
  std::vector<std::int32_t> tree;     // [V] 0 .. 2 * trees - 1
  std::vector<std::uint8_t> is_vein;  // [V]
  double faz = 0;                     // the foveal parameter F that was drawn, in fields of view
};

/// Grows arterial and venous trees into a slab by space colonisation.
///
/// The centre c of the fovea is (1/2, 1/2). All random numbers come from RandomStream(seed,
/// `stream`) in the order of this text. "Within" a distance includes it. `unit` of zero is zero.
///
/// Start. F = max(0, normal * sd + mean) / 3. Then each artery's stump, then each vein's: wall =
/// floor(4u) of x = 0, x = 1, y = 0, y = 1; place u along it; z = u * depth; direction (inwards
/// 0.1..1, along the wall -1..1, z 0). The bound of the part along the wall is 0 instead where a
/// step would leave the field on that side. A root and a child one step away, both of terminal
/// radius.
///
/// Iteration t = 0, 1, ... over both stages. The scale is 1 at the start of a stage and grows by
/// `tissue_growth` after each iteration; eps_n, eps_s, eps_k and delta are divided by it. A step is
/// max(step / scale, least step), or the least step where they do not shrink.
///
/// 1. Sinks. `tries` times (x, y, z) = (u, u, u * depth). It becomes a sink if it is farther than
///    F/2 from c in the plane, farther than eps_s from every sink, and, for each arterial node
///    within max(eps_n, eps_k), farther than its perfusion distance 2 * 0.02 * 0.2039 * q * e^(1-q)
///    with q = 3 * radius / 0.0035.
/// 2. Each sink attracts its nearest growable arterial node (lowest index on ties) within delta.
///    Roots and nodes with two children do not grow. Decisions of an iteration see the forest as it
///    was at its start. Nodes take their turn by index; a sink exactly at its node is not seen.
/// 3. A leaf takes the sinks at most gamma/2 from its incoming direction v; a is the sum of the
/// unit
///    vectors to them. If the standard deviation (divisor n) of their angles to v exceeds
///    `spread_degrees`, a number u is drawn, and the leaf splits if (|p - c| / 2F)^5 > u in the
///    plane and a points away from c (negative dot product in the plane); for F = 0 it splits
///    without. Its children lie at p + step * unit(cos(psi) w +- sin(psi) m), plus first, where w
///    is the direction to the sinks' centroid and m the main axis of their covariance with its
///    largest component (the first of equals) positive. Otherwise the leaf grows by a step along g
///    = unit(omega v + (1 - omega) unit(a)); for t > turn_after along (1 - k) g + 0.7 k tangent +
///    0.3 k outward, k = sqrt(max(turn_floor, turn_radius - |p + step g - c|)); the tangent around
///    c makes no obtuse angle with g; outward is away from c. At c itself nothing turns. A leaf
///    that would grow along zero does not grow.
/// 4. A node with one child takes the sinks whose angle to the child's direction is within
///    psi1 + psi2 +- gamma/2 and whose angle to v is at most psi2 + gamma/2. If there are some, and
///    a is not parallel to the child's direction, a number u is drawn; the node stays if
///    (|p - c| / 2F)^5 <= u and a does not point away from c (F = 0: it never stays). Else it
///    sprouts by a step along omega * (the child's direction turned by psi2 towards a) +
///    (1 - omega) unit(a).
/// 5. cos(psi1) = (rp^4 + r1^4 - r2^4) / (2 rp^2 r1^2), psi2 symmetric, rp^kappa = r1^kappa +
///    r2^kappa with kappa of the stage; r1 = r2 = terminal radius at a leaf, r1 = the child's
///    radius and r2 = the terminal one at a sprout. New vessels have the terminal radius. After the
///    last decision of a forest's turn Murray's law is restored up to the roots, where every node
///    keeps the kappa of the stage that made it; a node with one child has its radius.
/// 6. Sinks within eps_k of a new arterial node vanish; those with no venous node (roots count)
/// within
///    eps_k become sources, in the order of the sinks. The veins grow to sources by 2-5. Sources
///    within eps_k of a new venous node vanish.
///
/// Deterministic: the same bytes for the same options, seed and stream on every machine, from
/// whichever thread. Cost: about O(tries * iterations + sinks * iterations); one eye has 1.3e4
/// nodes. Throws ValueError for an option outside its domain (see require_growth_options).
VesselForest grow_vessels(const GrowthOptions& options,
                          std::uint64_t seed,
                          std::uint64_t stream = 0);

/// Throws ValueError unless lengths and angles are positive and finite, gamma at most 180 and
/// spread below 180 degrees, omega in 0..1, kappa in 2..4, turn_floor in 0..1, mm at most kFovMm,
/// radius at least 1e-5 mm, depth in 0..1 without 0, iterations at most 1000, tries at most 1e5,
/// trees in 1..1000, and F's mean, its sd, turn_radius (at most 1), turn_after and tissue_growth
/// (at most 1) not negative.
void require_growth_options(const GrowthOptions& options);

}  // namespace gftcore
