// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "gftcore/synth/variates.hpp"

namespace gftcore {
namespace {

struct Moments {
  double mean;
  double variance;
};

template <class Draw>
Moments moments(int count, Draw draw) {
  std::vector<double> values(static_cast<std::size_t>(count));
  double sum = 0;
  for (double& value : values) sum += value = draw();
  const double mean = sum / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, squares / count};
}

TEST_CASE("gamma variates have mean and variance of their shape") {
  constexpr int kCount = 200000;
  for (const double shape : {1.0, 1.3, 4.0, 50.0, 1e6}) {
    RandomStream random(3, 1);
    const auto found = moments(kCount, [&] { return gamma_variate(random, shape); });
    CHECK(std::abs(found.mean - shape) < 4 * std::sqrt(shape / kCount));
    CHECK(found.variance == doctest::Approx(shape).epsilon(0.03));
  }
}

TEST_CASE("beta variates have mean and variance of their shapes, and lie in 0..1") {
  constexpr int kCount = 100000;
  constexpr std::array kShapes{1e-3, 0.1, 0.5, 0.999, 1.0, 2.5, 10.0, 1e4};
  for (const double a : kShapes) {
    for (const double b : kShapes) {
      RandomStream random(4, 9);
      const auto found = moments(kCount, [&] {
        const double x = beta_variate(random, a, b);
        REQUIRE(x >= 0);
        REQUIRE(x <= 1);
        return x;
      });
      const double variance = a * b / ((a + b) * (a + b) * (a + b + 1));
      CAPTURE(a);
      CAPTURE(b);
      // Rare values make the variance: of the extreme pairs only the mean is asked about.
      CHECK(std::abs(found.mean - a / (a + b)) < 4.5 * std::sqrt(variance / kCount));
      if (std::max(a, b) / std::min(a, b) < 100) {
        CHECK(found.variance == doctest::Approx(variance).epsilon(0.05));
      }
    }
  }
}

TEST_CASE("the smallest shapes give 0 or 1, never NaN") {
  RandomStream random(5, 0);
  int low = 0;
  int high = 0;
  for (int i = 0; i < 10000; ++i) {
    const double x = beta_variate(random, 1e-3, 1e-3);
    REQUIRE(x == x);
    low += x < 1e-6 ? 1 : 0;
    high += x > 1 - 1e-6 ? 1 : 0;
  }
  CHECK(low == doctest::Approx(5000).epsilon(0.05));
  CHECK(high == doctest::Approx(5000).epsilon(0.05));
}

TEST_CASE("exchanged shapes give the other side") {
  // One gamma after the other: the stream is read in another order, so only the law is the same.
  RandomStream one(6, 0);
  RandomStream other(6, 1);
  int below_one = 0;
  int above_other = 0;
  for (int i = 0; i < 20000; ++i) {
    below_one += beta_variate(one, 0.4, 2) < 0.1 ? 1 : 0;
    above_other += beta_variate(other, 2, 0.4) > 0.9 ? 1 : 0;
  }
  CHECK(std::abs(below_one - above_other) < 450);
}

TEST_CASE("the median of three uniform numbers is Beta(2, 2)") {
  RandomStream random(7, 0);
  RandomStream again(7, 0);
  for (int i = 0; i < 1000; ++i) {
    std::array<double, 3> u{again.uniform(), again.uniform(), again.uniform()};
    std::ranges::sort(u);
    CHECK(beta22_variate(random) == u[1]);
  }
  const auto found = moments(100000, [&] { return beta22_variate(random); });
  CHECK(std::abs(found.mean - 0.5) < 0.003);
  CHECK(found.variance == doctest::Approx(0.05).epsilon(0.02));
}

}  // namespace
}  // namespace gftcore
