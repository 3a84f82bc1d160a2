// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "gftcore/synth/portable_math.hpp"
#include "gftcore/synth/random_stream.hpp"

namespace gftcore {
namespace {

constexpr int kCount = 20000;

double relative_error(double value, double expected) {
  return std::abs(value - expected) / std::abs(expected);
}

TEST_CASE("exponentials and logarithms agree with the library") {
  RandomStream random(1, 0);
  double worst_exp = 0;
  double worst_log = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.uniform(-20, 20);
    worst_exp = std::max(worst_exp, relative_error(portable::exp(x), std::exp(x)));
    const double y = std::exp(random.uniform(-300, 300));
    worst_log = std::max(worst_log, relative_error(portable::log(y), std::log(y)));
  }
  CHECK(worst_exp < 1e-15);
  CHECK(worst_log < 1e-15);
  CHECK(portable::exp(0) == 1);
  CHECK(portable::log(1) == 0);
  CHECK(relative_error(portable::log(1 + 1e-9), std::log(1 + 1e-9)) < 1e-15);
  CHECK(relative_error(portable::exp(700), std::exp(700.0)) < 1e-15);
  CHECK(relative_error(portable::exp(-700), std::exp(-700.0)) < 1e-15);
}

TEST_CASE("powers of radii agree with the library") {
  RandomStream random(2, 0);
  double worst = 0;
  for (int i = 0; i < kCount; ++i) {
    const double radius = random.uniform(1e-4, 0.1);
    const double kappa = random.uniform(2, 4);
    worst =
        std::max(worst, relative_error(portable::power(radius, kappa), std::pow(radius, kappa)));
    worst = std::max(
        worst, relative_error(portable::power(radius, 1 / kappa), std::pow(radius, 1 / kappa)));
  }
  CHECK(worst < 1e-14);
}

TEST_CASE("angles agree with the library") {
  RandomStream random(3, 0);
  double worst = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.uniform(-1, 1);
    worst = std::max(worst, std::abs(portable::arc_cosine(x) - std::acos(x)));
    const double degrees = random.uniform(0, 180);
    const double cosine = std::cos(degrees / 180 * std::numbers::pi);
    worst = std::max(worst, std::abs(portable::cosine_of_degrees(degrees) - cosine));
  }
  CHECK(worst < 1e-15);
  CHECK(portable::arc_cosine(1) == 0);
  CHECK(portable::arc_cosine(1.5) == 0);
  CHECK(portable::arc_cosine(-1.5) == doctest::Approx(std::numbers::pi).epsilon(1e-15));
  const double near_one = 1 - 1e-12;
  CHECK(relative_error(portable::arc_cosine(near_one), std::acos(near_one)) < 1e-15);
  CHECK(portable::cosine_of_degrees(0) == 1);
  CHECK(portable::cosine_of_degrees(90) == 0);
  CHECK(portable::cosine_of_degrees(180) == -1);
}

TEST_CASE("bytes are those of every machine") {
  CHECK(portable::exp(0.3) == 0x1.599058c8c1a96p+0);
  CHECK(portable::log(0.3) == -0x1.34378fcbda721p+0);
  CHECK(portable::power(0.3, 2.55) == 0x1.7c3b7fd9a5c9ep-5);
  CHECK(portable::arc_cosine(0.3) == 0x1.441f5ecbeef58p+0);
  CHECK(portable::cosine_of_degrees(25) == 0x1.d0079302dd767p-1);
}

}  // namespace
}  // namespace gftcore
