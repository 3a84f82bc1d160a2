// SPDX-License-Identifier: Apache-2.0
#include "gftcore/metrics/resample.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

/// Four images of two classes, the second one of class 1 having the probability of a class 0 one.
struct Example {
  std::vector<std::int32_t> truth = {0, 1, 0, 1};
  std::vector<std::int32_t> predicted = {0, 1, 1, 1};
  std::vector<double> probability = {0.9, 0.1, 0.4, 0.6, 0.4, 0.6, 0.2, 0.8};
  std::vector<std::int32_t> group = {0, 0, 1, 2};
  std::vector<std::int32_t> times = {1, 1, 1};
  index_t classes = 2;
  index_t groups = 3;

  ResampledScores run() const {
    ResampledScores out;
    resample_scores({classes, truth, predicted, probability, group, groups}, times, out);
    return out;
  }
};

using Counts = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("resample: all images once") {
  const ResampledScores scores = Example{}.run();
  CHECK(scores.confusion == Counts{1, 1, 0, 2});
  CHECK(scores.auroc[1] == 3.5 / 4);  // three pairs in order, one equal
  CHECK(scores.auroc[0] == 3.5 / 4);
  CHECK(scores.average_precision[1] == 0.5 * 1.0 + 0.5 * 2 / 3);
}

TEST_CASE("resample: groups occur as often as they are drawn") {
  Example example;
  example.times = {0, 0, 3, 2, 1, 0};
  const ResampledScores scores = example.run();
  CHECK(scores.confusion == Counts{0, 0, 0, 3, 2, 1, 0, 2});
  // Only class 1 in the first: no pairs, and precision 1 throughout.
  CHECK(std::isnan(scores.auroc[0]));
  CHECK(std::isnan(scores.auroc[1]));
  CHECK(std::isnan(scores.average_precision[0]));
  CHECK(scores.average_precision[1] == 1.0);
  CHECK(scores.auroc[3] == (2.0 * 2 + 2 * 1 * 0.5) / 6);
}

TEST_CASE("resample: without probabilities there are counts only") {
  Example example;
  example.probability.clear();
  const ResampledScores scores = example.run();
  CHECK(scores.confusion == Counts{1, 1, 0, 2});
  for (const double value : scores.auroc) CHECK(std::isnan(value));
  for (const double value : scores.average_precision) CHECK(std::isnan(value));
}

TEST_CASE("resample: nothing at all") {
  Example example;
  example.truth = example.predicted = example.group = example.times = {};
  example.probability = {};
  example.groups = 0;
  CHECK(example.run().confusion.empty());
}

TEST_CASE("resample: what does not fit is refused") {
  const auto refused = [](auto change) {
    Example example;
    change(example);
    CHECK_THROWS_AS(example.run(), Error);
  };
  refused([](Example& e) { e.truth[0] = 2; });
  refused([](Example& e) { e.predicted[0] = -1; });
  refused([](Example& e) { e.group[0] = 3; });
  refused([](Example& e) { e.predicted.pop_back(); });
  refused([](Example& e) { e.probability.pop_back(); });
  refused([](Example& e) { e.probability[0] = std::numeric_limits<double>::quiet_NaN(); });
  refused([](Example& e) { e.times.push_back(1); });
  refused([](Example& e) { e.times[0] = -1; });
  refused([](Example& e) { e.times[0] = std::numeric_limits<std::int32_t>::max(); });
  refused([](Example& e) {
    e.truth = e.predicted = e.group = e.times = {};
    e.probability = {};
    e.groups = -1;
  });
  refused([](Example& e) { e.classes = 0; });
  refused([](Example& e) { e.classes = kMaxClasses + 1; });
}

}  // namespace gftcore
