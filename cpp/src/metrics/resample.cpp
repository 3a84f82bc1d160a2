// SPDX-License-Identifier: Apache-2.0
#include "gftcore/metrics/resample.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::size_t size(index_t n) { return static_cast<std::size_t>(n); }

void require_range(std::span<const std::int32_t> values, index_t end, const char* name) {
  for (const std::int32_t value : values) {
    if (value >= 0 && value < end) continue;
    throw ValueError(std::string(name) + " must be between 0 and " + std::to_string(end - 1) +
                     ", got " + std::to_string(value));
  }
}

void require_images(const Classified& images) {
  const std::size_t n = images.truth.size();
  if (images.num_groups < 0) throw ValueError("groups must not be fewer than none");
  if (images.classes < 1 || images.classes > kMaxClasses) {
    throw ValueError("classes must be between 1 and " + std::to_string(kMaxClasses) + ", got " +
                     std::to_string(images.classes));
  }
  const bool ranked = !images.probability.empty();
  if (images.predicted.size() != n || images.group.size() != n ||
      (ranked && images.probability.size() != n * size(images.classes))) {
    throw ShapeError("truth, predicted, group and probability must be of equally many images");
  }
  require_range(images.truth, images.classes, "truth");
  require_range(images.predicted, images.classes, "predicted");
  require_range(images.group, images.num_groups, "group");
  if (std::ranges::any_of(images.probability, [](double p) { return std::isnan(p); })) {
    throw ValueError("probability must be a number, got NaN");
  }
}

/// The images by falling probability of one class.
struct Ranking {
  std::vector<std::int32_t> group;
  std::vector<std::uint8_t> positive;   // of the class
  std::vector<std::uint8_t> last_tied;  // the next image has a lower probability
};

Ranking rank(const Classified& images, index_t label) {
  const std::size_t n = images.truth.size();
  const auto score = [&](std::size_t i) {
    return images.probability[i * size(images.classes) + size(label)];
  };
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return score(a) > score(b); });
  Ranking out{
      std::vector<std::int32_t>(n), std::vector<std::uint8_t>(n), std::vector<std::uint8_t>(n)};
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = order[k];
    out.group[k] = images.group[i];
    out.positive[k] = images.truth[i] == label ? 1 : 0;
    out.last_tied[k] = k + 1 == n || score(order[k + 1]) < score(i) ? 1 : 0;
  }
  return out;
}

struct Curves {
  double auroc = kNaN;
  double average_precision = kNaN;
};

Curves curves(const Ranking& ranking, const std::int32_t* times, index_t positives) {
  index_t above[2] = {0, 0};  // images of the other classes, and of this one, so far
  index_t tied[2] = {0, 0};   // those of equal probability
  index_t twice_in_order = 0;
  double precision_sum = 0.0;
  const std::size_t n = ranking.group.size();
  for (std::size_t k = 0; k < n; ++k) {
    tied[ranking.positive[k]] += times[ranking.group[k]];
    if (ranking.last_tied[k] == 0) continue;
    twice_in_order += tied[0] * (2 * above[1] + tied[1]);
    above[0] += tied[0];
    above[1] += tied[1];
    if (tied[1] > 0) {
      precision_sum += static_cast<double>(tied[1]) * static_cast<double>(above[1]) /
                       static_cast<double>(above[0] + above[1]);
    }
    tied[0] = tied[1] = 0;
  }
  Curves out;
  if (positives == 0) return out;
  out.average_precision = precision_sum / static_cast<double>(positives);
  if (above[0] > 0) {
    out.auroc = static_cast<double>(twice_in_order) /
                (2.0 * static_cast<double>(positives) * static_cast<double>(above[0]));
  }
  return out;
}

void count_pairs(const Classified& images, const std::int32_t* times, std::int64_t* confusion) {
  for (std::size_t i = 0; i < images.truth.size(); ++i) {
    confusion[images.truth[i] * images.classes + images.predicted[i]] += times[images.group[i]];
  }
}

/// Images in a resample, which is one row of `times`.
void require_small(const Classified& images,
                   std::span<const index_t> images_of_group,
                   const std::int32_t* times) {
  index_t total = 0;
  for (index_t g = 0; g < images.num_groups; ++g) {
    if (times[g] < 0) {
      throw ValueError("times must not be negative, got " + std::to_string(times[g]));
    }
    // Neither factor exceeds 2^31, so that one more product never overflows.
    total += times[g] * images_of_group[size(g)];
    if (total > kMaxResample) throw ValueError("a resample must have fewer than 2^31 images");
  }
}

}  // namespace

void resample_scores(const Classified& images,
                     std::span<const std::int32_t> times,
                     ResampledScores& out) {
  require_images(images);
  const index_t classes = images.classes;
  const index_t resamples =
      images.num_groups <= 0 ? 0 : static_cast<index_t>(times.size()) / images.num_groups;
  if (static_cast<index_t>(times.size()) != resamples * images.num_groups) {
    throw ShapeError("times must have a number for each group of every resample");
  }
  std::vector<index_t> images_of_group(size(images.num_groups), 0);
  for (const std::int32_t g : images.group) ++images_of_group[size(g)];
  std::vector<Ranking> rankings;
  for (index_t c = 0; c < classes && !images.probability.empty(); ++c) {
    rankings.push_back(rank(images, c));
  }
  out.confusion.assign(size(resamples * classes * classes), 0);
  out.auroc.assign(size(resamples * classes), kNaN);
  out.average_precision.assign(size(resamples * classes), kNaN);
  for (index_t b = 0; b < resamples; ++b) {
    const std::int32_t* drawn = times.data() + b * images.num_groups;
    require_small(images, images_of_group, drawn);
    std::int64_t* confusion = out.confusion.data() + b * classes * classes;
    count_pairs(images, drawn, confusion);
    for (std::size_t c = 0; c < rankings.size(); ++c) {
      const std::int64_t* row = confusion + static_cast<index_t>(c) * classes;
      const Curves found =
          curves(rankings[c], drawn, std::accumulate(row, row + classes, index_t{0}));
      out.auroc[size(b * classes) + c] = found.auroc;
      out.average_precision[size(b * classes) + c] = found.average_precision;
    }
  }
}

}  // namespace gftcore
