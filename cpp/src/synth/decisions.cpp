// SPDX-License-Identifier: Apache-2.0
#include "decisions.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gftcore/synth/portable_math.hpp"
#include "main_axis.hpp"

namespace gftcore::synth {
namespace {

constexpr Vec3 kCentre{0.5, 0.5, 0};
constexpr double kTangentShare = 0.7;
constexpr double kOutwardShare = 0.3;

Vec3 to_centre(Vec3 p) { return {kCentre.x - p.x, kCentre.y - p.y, 0}; }

double plane_dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y; }

/// An angle in 0..180 degrees, or beyond it by less than a half turn, by cosine and sine.
struct Angle {
  double cosine;
  double sine;

  static Angle of_cosine(double cosine) {
    cosine = std::clamp(cosine, -1.0, 1.0);
    return {cosine, std::sqrt(1 - cosine * cosine)};
  }
};

Angle operator+(Angle a, Angle b) {
  return {a.cosine * b.cosine - a.sine * b.sine, a.sine * b.cosine + a.cosine * b.sine};
}
Angle operator-(Angle a, Angle b) { return a + Angle{b.cosine, -b.sine}; }

/// The cosines of angles at most `a`, whose sine is negative beyond 180 degrees.
double least_cosine(Angle a) { return a.sine < 0 ? -1 : a.cosine; }
/// The cosines of angles at least `a`, whose sine is negative below 0 degrees.
double greatest_cosine(Angle a) { return a.sine < 0 ? 1 : a.cosine; }

/// The angles psi1 and psi2 at which two vessels leave their stem.
struct Branching {
  Branching(double r1, double r2, double kappa) {
    const double sum = portable::power(r1, kappa) + portable::power(r2, kappa);
    const double stem = portable::power(sum, 1 / kappa);
    const double fourth = stem * stem * stem * stem;
    const double difference = r1 * r1 * r1 * r1 - r2 * r2 * r2 * r2;
    first = Angle::of_cosine((fourth + difference) / (2 * stem * stem * r1 * r1));
    second = Angle::of_cosine((fourth - difference) / (2 * stem * stem * r2 * r2));
  }

  Angle first;
  Angle second;
};

double standard_deviation(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / n);
}

}  // namespace

Stage::Stage(const GrowthOptions& all, const GrowthMode& one, double foveal)
    : options(all),
      mode(one),
      faz(foveal),
      radius(all.radius_mm / kFovMm),
      cos_half_gamma(portable::cosine_of_degrees(one.gamma_degrees / 2)),
      sin_half_gamma(portable::cosine_of_degrees(90 - one.gamma_degrees / 2)) {}

void Stage::begin(index_t t, double scale) {
  eps_n = mode.eps_n_mm / kFovMm / scale;
  eps_s = mode.eps_s_mm / kFovMm / scale;
  eps_k = mode.eps_k_mm / kFovMm / scale;
  delta = mode.delta_mm / kFovMm / scale;
  step = options.least_step_mm / kFovMm;
  if (mode.steps_shrink) step = std::max(options.step_mm / kFovMm / scale, step);
  turns = t > options.turn_after;
}

void Decisions::decide(index_t node,
                       const std::vector<Vec3>& attractors,
                       std::vector<Shoot>& shoots) {
  if (forest_.is_leaf(node)) {
    decide_leaf(node, attractors, shoots);
  } else {
    decide_sprout(node, attractors, shoots);
  }
}

void Decisions::clear() {
  taken_.clear();
  sum_ = {};
}

void Decisions::take(Vec3 attractor, Vec3 towards) {
  taken_.push_back(attractor);
  sum_ = sum_ + towards;
}

bool Decisions::gate_opens(Vec3 p) {
  const double u = random_.uniform();
  const double ratio = length(to_centre(p)) / (2 * stage_.faz);
  return ratio * ratio * ratio * ratio * ratio > u;
}

void Decisions::decide_leaf(index_t node,
                            const std::vector<Vec3>& attractors,
                            std::vector<Shoot>& shoots) {
  const Vec3 p = forest_.position(node);
  const Vec3 incoming = unit(p - forest_.position(forest_.parent(node)));
  clear();
  angle_.clear();
  for (const Vec3 attractor : attractors) {
    if (attractor == p) continue;
    const Vec3 towards = unit(attractor - p);
    const double cosine = dot(towards, incoming);
    if (cosine < stage_.cos_half_gamma) continue;
    take(attractor, towards);
    angle_.push_back(portable::arc_cosine(cosine) * (180 / std::numbers::pi));
  }
  if (taken_.empty()) return;
  if (standard_deviation(angle_) > stage_.options.spread_degrees) {
    const bool free = stage_.faz == 0 || (gate_opens(p) && plane_dot(to_centre(p), sum_) < 0);
    if (free) return split(node, shoots);
  }
  const double omega = stage_.mode.omega;
  const Vec3 g = omega * incoming + (1 - omega) * unit(sum_);
  const Vec3 way = stage_.turns ? turned(p, unit(g)) : g;
  if (way == Vec3{}) return;
  shoots.push_back({node, p + stage_.step * unit(way)});
}

void Decisions::split(index_t node, std::vector<Shoot>& shoots) const {
  const Vec3 p = forest_.position(node);
  const Branching branching(stage_.radius, stage_.radius, stage_.mode.kappa);
  const Vec3 centre = centroid(taken_);
  const Vec3 ahead = branching.first.cosine * unit(centre - p);
  const Vec3 aside = branching.first.sine * main_axis(taken_, centre);
  shoots.push_back({node, p + stage_.step * unit(ahead + aside)});
  shoots.push_back({node, p + stage_.step * unit(ahead - aside)});
}

/// Bends the direction g so that vessels run around the fovea.
Vec3 Decisions::turned(Vec3 p, Vec3 g) const {
  const Vec3 inward = unit(to_centre(p));
  if (inward == Vec3{}) return g;
  const double near = stage_.options.turn_radius - length(to_centre(p + stage_.step * g));
  const double k = std::sqrt(std::max(stage_.mode.turn_floor, near));
  Vec3 tangent{-inward.y, inward.x, 0};
  if (plane_dot(g, tangent) < 0) tangent = -1 * tangent;
  return (1 - k) * g + (kTangentShare * k) * tangent - (kOutwardShare * k) * inward;
}

void Decisions::decide_sprout(index_t node,
                              const std::vector<Vec3>& attractors,
                              std::vector<Shoot>& shoots) {
  const Vec3 p = forest_.position(node);
  const index_t child = forest_.first_child(node);
  const Vec3 incoming = unit(p - forest_.position(forest_.parent(node)));
  const Vec3 outgoing = unit(forest_.position(child) - p);
  const Branching branching(forest_.radius(child), stage_.radius, stage_.mode.kappa);
  const Angle opening = branching.first + branching.second;
  const Angle half{stage_.cos_half_gamma, stage_.sin_half_gamma};
  const double least = least_cosine(opening + half);
  const double greatest = greatest_cosine(opening - half);
  const double least_incoming = least_cosine(branching.second + half);
  clear();
  for (const Vec3 attractor : attractors) {
    if (attractor == p) continue;
    const Vec3 towards = unit(attractor - p);
    const double cosine = dot(towards, outgoing);
    if (cosine < least || cosine > greatest) continue;
    if (dot(towards, incoming) < least_incoming) continue;
    take(attractor, towards);
  }
  if (taken_.empty()) return;
  const Vec3 across = unit(sum_ - dot(sum_, outgoing) * outgoing);
  if (across == Vec3{}) return;
  if (stage_.faz > 0) {
    const bool stays = !gate_opens(p) && plane_dot(to_centre(p), sum_) >= 0;
    if (stays) return;
  }
  const Vec3 optimal = branching.second.cosine * outgoing + branching.second.sine * across;
  const double omega = stage_.mode.omega;
  const Vec3 g = omega * optimal + (1 - omega) * unit(sum_);
  if (g == Vec3{}) return;
  shoots.push_back({node, p + stage_.step * unit(g)});
}

}  // namespace gftcore::synth
