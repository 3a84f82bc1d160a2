// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// What a classifier said about n images of C classes; classes are 0..C-1.
struct Classified {
  index_t classes = 0;
  std::span<const std::int32_t> truth;      // [n]
  std::span<const std::int32_t> predicted;  // [n]
  std::span<const double> probability;      // [n, C], or empty
  std::span<const std::int32_t> group;      // [n], 0..num_groups-1
  index_t num_groups = 0;
};

/// Scores of B resamples.
struct ResampledScores {
  std::vector<std::int64_t> confusion;    // [B, C, C]: truth, predicted
  std::vector<double> auroc;              // [B, C]
  std::vector<double> average_precision;  // [B, C]
};

/// Largest number of images in one resample: products of two counts then fit in 64 bits.
inline constexpr index_t kMaxResample = (index_t{1} << 31) - 1;

inline constexpr index_t kMaxClasses = 32767;

/// Count and rank images that occur as often as their group does.
///
/// times[b * num_groups + g] says how often group g occurs in resample b. auroc of a class is the
/// share of pairs (image of the class, image of another) whose probabilities of the class are in
/// that order, equal ones counting half. average_precision is the sum over distinct
/// probabilities, descending, of the gain in recall times the precision down to there. Not a
/// number where a class has no image, auroc also where no other class has one, and both without
/// probabilities. Sums are made in a fixed order: the same bytes on every machine.
/// O(C n log n + B (n C + C^2)).
///
/// Throws ShapeError unless the lengths agree; ValueError unless there are 1..kMaxClasses classes,
/// for a class or group outside its range, a probability that is not a number, a negative count,
/// or a resample above kMaxResample images.
void resample_scores(const Classified& images,
                     std::span<const std::int32_t> times,
                     ResampledScores& out);

}  // namespace gftcore
