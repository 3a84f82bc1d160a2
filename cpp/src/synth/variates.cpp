// SPDX-License-Identifier: Apache-2.0
#include "gftcore/synth/variates.hpp"

#include <algorithm>
#include <cmath>

#include "gftcore/synth/portable_math.hpp"

namespace gftcore {
namespace {

constexpr double kMostExponent = 700;  // the domain of portable::exp

/// A gamma variate of any shape as value e^log_factor, so that nothing underflows.
struct ScaledGamma {
  double value;
  double log_factor;
};

ScaledGamma scaled_gamma(RandomStream& random, double shape) {
  if (shape >= 1) return {gamma_variate(random, shape), 0};
  const double x = gamma_variate(random, shape + 1);
  return {x, portable::log(1 - random.uniform()) / shape};
}

}  // namespace

double gamma_variate(RandomStream& random, double shape) {
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random.normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double u = 1 - random.uniform();  // never 0
    const double square = x * x;
    if (u < 1 - 0.0331 * square * square) return d * v;
    if (portable::log(u) < square / 2 + d * (1 - v + portable::log(v))) return d * v;
  }
}

double beta_variate(RandomStream& random, double alpha, double beta) {
  const ScaledGamma x = scaled_gamma(random, alpha);
  const ScaledGamma y = scaled_gamma(random, beta);
  if (alpha >= 1 && beta >= 1) return x.value / (x.value + y.value);
  const double exponent = std::clamp(y.log_factor - x.log_factor, -kMostExponent, kMostExponent);
  return x.value / (x.value + y.value * portable::exp(exponent));
}

double beta22_variate(RandomStream& random) {
  const double a = random.uniform();
  const double b = random.uniform();
  const double c = random.uniform();
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

}  // namespace gftcore
