// SPDX-License-Identifier: Apache-2.0
#include "gftcore/synth/portable_math.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace gftcore::portable {
namespace {

// log 2 in two parts; multiples of the first by integers below 2^20 are exact.
constexpr double kLog2High = 0x1.62e42fee00000p-1;
constexpr double kLog2Low = 0x1.a39ef35793c76p-33;

// Coefficients of series, highest power first. The compiler divides as IEEE 754 says.

/// 1/14!, 1/13!, ..., 1/0!.
constexpr auto kInverseFactorials = [] {
  std::array<double, 15> out{};
  double factorial = 1;  // exact up to 18!
  for (std::size_t n = 0; n < out.size(); ++n) {
    if (n > 0) factorial *= static_cast<double>(n);
    out[out.size() - 1 - n] = 1 / factorial;
  }
  return out;
}();

/// 1/17, 1/15, ..., 1/3, 1 with alternating signs, the last positive.
constexpr auto kInverseOddsInTurn = [] {
  std::array<double, 9> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[out.size() - 1 - i] = (i % 2 == 0 ? 1 : -1) / static_cast<double>(2 * i + 1);
  }
  return out;
}();

/// 1/23, 1/21, ..., 1/3.
constexpr auto kInverseOddsFromThree = [] {
  std::array<double, 11> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[out.size() - 1 - i] = 1 / static_cast<double>(2 * i + 3);
  }
  return out;
}();

template <std::size_t count>
double polynomial(const std::array<double, count>& coefficients, double x) {
  double sum = 0;
  for (const double c : coefficients) sum = sum * x + c;
  return sum;
}

/// Of t in [0, 1]: three times halved, then by its series.
double arc_tangent(double t) {
  for (int i = 0; i < 3; ++i) t /= 1 + std::sqrt(1 + t * t);
  return 8 * t * polynomial(kInverseOddsInTurn, t * t);  // t^2 is below 0.01
}

}  // namespace

double exp(double x) {
  const double k = std::floor(x / std::numbers::ln2 + 0.5);
  const double r = (x - k * kLog2High) - k * kLog2Low;  // within log(2) / 2
  return std::ldexp(polynomial(kInverseFactorials, r), static_cast<int>(k));
}

double log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // in [1/2, 1)
  if (m < std::numbers::sqrt2 / 2) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);  // log m = 2 artanh s; |s| < 0.172
  const double square = s * s;
  const double rest = square * polynomial(kInverseOddsFromThree, square);
  const double k = exponent;
  return k * kLog2High + (2 * s + (2 * s * rest + k * kLog2Low));
}

double power(double x, double y) { return exp(y * log(x)); }

double arc_cosine(double x) {
  x = std::clamp(x, -1.0, 1.0);
  const double opposite = std::sqrt(1 - x);
  const double adjacent = std::sqrt(1 + x);
  if (opposite <= adjacent) return 2 * arc_tangent(opposite / adjacent);
  return std::numbers::pi - 2 * arc_tangent(adjacent / opposite);
}

double cosine_of_degrees(double degrees) {
  if (degrees > 90) return -cosine_of_degrees(180 - degrees);
  if (degrees == 90) return 0;
  const double x = degrees / 180 * std::numbers::pi;
  double sum = 1;
  for (int n = 26; n >= 2; n -= 2) sum = 1 - x * x / (n * (n - 1)) * sum;
  return sum;
}

}  // namespace gftcore::portable
