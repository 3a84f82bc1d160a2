// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "attribution/target.hpp"

namespace gftcore::test {
namespace {

using attribution::logit_multipliers;
using attribution::placed;

double probability(const std::vector<double>& logits, std::size_t place) {
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - logits[place]);
  return 1 / sum;
}

double along(const std::vector<double>& m,
             const std::vector<double>& a,
             const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t c = 0; c < m.size(); ++c) sum += m[c] * (b[c] - a[c]);
  return sum;
}

constexpr PathTarget kFirst{TargetKind::probability, 0, -1};

TEST_CASE("a probability's multipliers meet its change over any step") {
  const std::vector<double> a{-0.5, 0.2, 0.1};
  for (const double step : {1e-6, 1e-3, 1.0, 30.0, 1e4, 1e9}) {
    const std::vector<double> b{-0.5 + step, 0.2 - step / 3, 0.1};
    const std::vector<double> m = logit_multipliers(kFirst, a, b);
    CHECK(std::abs(along(m, a, b) - (probability(b, 0) - probability(a, 0))) < 1e-9);
  }
}

TEST_CASE("values that are not finite end, too") {
  const std::vector<double> a{-0.5, 0.2, 0.1};
  for (const double value : {std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::nan("")}) {
    const std::vector<double> b{value, 0.2, 0.1};
    const std::vector<double> m = logit_multipliers(kFirst, a, b);
    CHECK(!std::isfinite(std::accumulate(m.begin(), m.end(), 0.0)));
  }
}

TEST_CASE("tiny steps have the gradient, without the rounding of the difference") {
  const std::vector<double> a{-0.5, 0.2, 3.1};
  const std::vector<double> want = logit_multipliers(kFirst, a, a);
  for (const double step : {0.0, 1e-15, 1e-13, 1e-10}) {
    const std::vector<double> b{-0.5, 0.2 + step, 3.1};
    const std::vector<double> m = logit_multipliers(kFirst, a, b);
    for (std::size_t c = 0; c < m.size(); ++c) CHECK(std::abs(m[c] - want[c]) < 1e-10);
  }
}

TEST_CASE("places that are left open") {
  const std::vector<double> logits{1.0, 3.0, 3.0, 2.0};
  const auto found = [&](TargetKind kind, index_t place, index_t against) {
    const PathTarget target = placed({kind, place, against}, logits);
    return std::pair(target.place, target.against);
  };
  CHECK(found(TargetKind::logit, -1, -1) == std::pair<index_t, index_t>(1, -1));
  CHECK(found(TargetKind::margin, -1, -1) == std::pair<index_t, index_t>(1, 2));
  CHECK(found(TargetKind::margin, 2, -1) == std::pair<index_t, index_t>(2, 1));
  CHECK(found(TargetKind::margin, -1, 1) == std::pair<index_t, index_t>(2, 1));
  CHECK(found(TargetKind::margin, -1, 0) == std::pair<index_t, index_t>(1, 0));
}

}  // namespace
}  // namespace gftcore::test
