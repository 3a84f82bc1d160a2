// SPDX-License-Identifier: Apache-2.0
// Confusion and ranking scores of images that are drawn several times.
#include "gftcore/metrics/resample.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <vector>

#include "bytes.hpp"
#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

/// Images and how often their groups are drawn, in memory of their own.
struct Setup {
  index_t classes = 0;
  index_t groups = 0;
  std::vector<std::int32_t> truth, predicted, group, times;
  std::vector<double> probability;

  Classified view() const { return {classes, truth, predicted, probability, group, groups}; }
  index_t count() const { return std::ssize(truth); }
  double score(std::size_t image, index_t label) const {
    return probability[image * static_cast<std::size_t>(classes) + static_cast<std::size_t>(label)];
  }
};

Setup read_setup(Bytes& bytes) {
  Setup out;
  const int kind = bytes.byte();
  Random random(bytes.two_bytes());
  const index_t images = bytes.byte() % 33;
  out.classes = 1 + bytes.byte() % 4;
  out.groups = 1 + bytes.byte() % 12;
  const index_t resamples = bytes.byte() % 4;
  const index_t levels = kind % 4 == 0 ? 1 << 20 : 1 + kind / 4 % 5;  // few: many are equal
  for (index_t i = 0; i < images; ++i) {
    out.truth.push_back(static_cast<std::int32_t>(random.below(out.classes)));
    out.predicted.push_back(static_cast<std::int32_t>(random.below(out.classes)));
    out.group.push_back(static_cast<std::int32_t>(random.below(out.groups)));
    for (index_t c = 0; c < out.classes && kind % 8 != 1; ++c) {
      const double p = static_cast<double>(random.below(levels)) / static_cast<double>(levels);
      out.probability.push_back(kind % 8 == 2 && random.chance(20) ? -1 / p : p);
    }
  }
  const index_t most = kind / 32 % 4 == 3 ? 60'000'000 : 1 + kind / 32;
  for (index_t i = 0; i < resamples * out.groups; ++i) {
    out.times.push_back(static_cast<std::int32_t>(random.below(most + 1)));
  }
  return out;
}

/// True unless there is nothing of the kind to spoil.
bool spoil(int how, Setup& setup) {
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
  const bool images = setup.count() > 0;
  switch (how % 12) {
    case 0:
      setup.classes = 0;
      return true;
    case 1:
      setup.classes = kMaxClasses + 1;
      return true;
    case 2:
      setup.truth.push_back(0);
      return true;
    case 3:
      setup.predicted.push_back(0);
      return true;
    case 4:
      setup.times.push_back(0);
      return setup.groups > 1;
    case 5:
      setup.groups = -1;
      return true;
    case 6:
      if (images) setup.truth.back() = static_cast<std::int32_t>(setup.classes);
      return images;
    case 7:
      if (images) setup.predicted.front() = -1;
      return images;
    case 8:
      if (images) setup.group.back() = static_cast<std::int32_t>(setup.groups);
      return images;
    case 9:
      if (!setup.probability.empty()) setup.probability.back() = std::nan("");
      return !setup.probability.empty();
    case 10:
      if (!setup.times.empty()) setup.times.back() = kLeast;
      return !setup.times.empty();
    default:
      if (!setup.times.empty() && images) {
        // The group of the first image, often enough for two to the 31st of it alone.
        for (std::size_t i = 0; i < setup.group.size(); ++i) setup.group[i] = setup.group[0];
        setup.times[static_cast<std::size_t>(setup.group[0])] =
            std::numeric_limits<std::int32_t>::max();
      }
      return !setup.times.empty() && setup.count() > 1;
  }
}

bool too_many(const Setup& setup) {
  for (std::size_t first = 0; first < setup.times.size();
       first += static_cast<std::size_t>(setup.groups)) {
    index_t total = 0;
    for (const std::int32_t g : setup.group) {
      total += setup.times[first + static_cast<std::size_t>(g)];
    }
    if (total >= index_t{1} << 31) return true;
  }
  return false;
}

/// Every pair of images, and every distinct probability.
void check_ranking(const Setup& setup,
                   const std::vector<index_t>& drawn,
                   index_t label,
                   double auroc,
                   double average_precision) {
  double pairs = 0;
  double in_order = 0;
  double positives = 0;
  std::set<double, std::greater<>> levels;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    levels.insert(setup.score(i, label));
    if (setup.truth[i] != label) continue;
    positives += static_cast<double>(drawn[i]);
    for (std::size_t j = 0; j < drawn.size(); ++j) {
      if (setup.truth[j] == label) continue;
      const double weight = static_cast<double>(drawn[i]) * static_cast<double>(drawn[j]);
      const double above = setup.score(i, label) > setup.score(j, label) ? 1 : 0;
      const double equal = setup.score(i, label) == setup.score(j, label) ? 0.5 : 0;
      pairs += weight;
      in_order += weight * (above + equal);
    }
  }
  close(auroc, in_order / pairs, 1e-12, "auroc");  // 0 / 0: not a number
  double sum = 0;
  double recall = 0;
  for (const double level : levels) {
    double found = 0;
    double right = 0;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      if (setup.score(i, label) < level) continue;
      found += static_cast<double>(drawn[i]);
      if (setup.truth[i] == label) right += static_cast<double>(drawn[i]);
    }
    if (found > 0) sum += (right - recall) * right / found;
    recall = right;
  }
  close(average_precision, sum / positives, 1e-12, "average precision");
}

void check(const Setup& setup, ResampledScores got) {
  plant("confusion", got.confusion);
  plant("auroc", got.auroc);
  plant("average precision", got.average_precision);
  const auto classes = static_cast<std::size_t>(setup.classes);
  const std::size_t resamples = setup.times.size() / static_cast<std::size_t>(setup.groups);
  same(got.confusion.size(), resamples * classes * classes, "confusion: size");
  same(got.auroc.size(), resamples * classes, "auroc: size");
  same(got.average_precision.size(), resamples * classes, "average precision: size");
  for (std::size_t b = 0; b < resamples; ++b) {
    std::vector<index_t> drawn;
    std::vector<std::int64_t> confusion(classes * classes);
    for (std::size_t i = 0; i < setup.truth.size(); ++i) {
      const auto g = static_cast<std::size_t>(setup.group[i]);
      drawn.push_back(setup.times[b * static_cast<std::size_t>(setup.groups) + g]);
      const auto row = static_cast<std::size_t>(setup.truth[i]);
      confusion[row * classes + static_cast<std::size_t>(setup.predicted[i])] += drawn.back();
    }
    const auto first = got.confusion.begin() + static_cast<std::ptrdiff_t>(b * classes * classes);
    same(std::vector<std::int64_t>(first, first + std::ssize(confusion)), confusion, "confusion");
    for (std::size_t c = 0; c < classes; ++c) {
      const double auroc = got.auroc[b * classes + c];
      const double precision = got.average_precision[b * classes + c];
      if (setup.probability.empty()) {
        expect(std::isnan(auroc) && std::isnan(precision), "without probabilities, no ranking");
      } else {
        check_ranking(setup, drawn, static_cast<index_t>(c), auroc, precision);
      }
    }
  }
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static ResampledScores scores;
  Bytes bytes(data);
  const int spoiled = bytes.byte();
  Setup setup = read_setup(bytes);
  const bool wrong = (spoiled >= 224 && spoil(spoiled, setup)) || too_many(setup);
  bool taken = true;
  try {
    resample_scores(setup.view(), setup.times, scores);
  } catch (const Error&) {
    taken = false;
  }
  plant("taken", taken);
  expect(taken != wrong, "sound images, and no others, are taken");
  if (taken) check(setup, scores);
}

}  // namespace gftcore::fuzz
