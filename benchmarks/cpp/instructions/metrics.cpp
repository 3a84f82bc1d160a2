// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <vector>

#include "counted.hpp"
#include "drawing.hpp"
#include "gftcore/metrics/resample.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  constexpr index_t kImages = 1264;
  constexpr index_t kGroups = kImages / 2;
  constexpr index_t kClasses = 3;
  constexpr index_t kResamples = 50;

  Random random(20251);
  std::vector<std::int32_t> truth;
  std::vector<std::int32_t> predicted;
  std::vector<std::int32_t> group;
  std::vector<double> probability;
  for (index_t i = 0; i < kImages; ++i) {
    truth.push_back(static_cast<std::int32_t>(random.below(kClasses)));
    predicted.push_back(static_cast<std::int32_t>(random.below(kClasses)));
    group.push_back(static_cast<std::int32_t>(i / 2));
    for (index_t c = 0; c < kClasses; ++c) {
      probability.push_back(static_cast<double>(random.below(1000)) / 1000.0);
    }
  }
  std::vector<std::int32_t> times(static_cast<std::size_t>(kResamples * kGroups), 0);
  for (index_t b = 0; b < kResamples; ++b) {
    for (index_t g = 0; g < kGroups; ++g) {
      ++times[static_cast<std::size_t>(b * kGroups + random.below(kGroups))];
    }
  }
  const Classified images{kClasses, truth, predicted, probability, group, kGroups};
  ResampledScores scores;
  count("resample_scores", [&] { resample_scores(images, times, scores); });
}
