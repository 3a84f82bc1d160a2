// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/faz.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kFoveaRadiusMm = 0.4;

/// Largest vote; ties to the lowest label, 0 without any vote. votes[0] is ignored.
label_t winner(const std::vector<index_t>& votes) {
  label_t best = 0;
  for (std::size_t label = 1; label < votes.size(); ++label) {
    if (votes[label] > (best == 0 ? 0 : votes[static_cast<std::size_t>(best)])) {
      best = static_cast<label_t>(label);
    }
  }
  return best;
}

/// Doubled squared distance terms from pixel centres to the image centre.
struct Centre {
  index_t row_doubled;  // H - 1
  index_t col_doubled;  // W - 1

  /// 4 d^2 of the run's pixel nearest the centre.
  index_t squared_distance(const Run& run) const {
    const index_t dr = 2 * index_t{run.row} - row_doubled;
    const index_t from = 2 * index_t{run.begin} - col_doubled;
    const index_t to = 2 * index_t{run.end - 1} - col_doubled;
    index_t dc = 0;
    if (from > 0)
      dc = from;
    else if (to < 0)
      dc = to;
    else
      dc = col_doubled & 1;
    return dr * dr + dc * dc;
  }
};

label_t nearest_area(const Labelling& areas, const Centre& centre) {
  label_t best = 0;
  index_t least = std::numeric_limits<index_t>::max();
  for (std::size_t i = 0; i < areas.runs.size(); ++i) {
    const label_t label = areas.label_of_run[i];
    if (label == 0) continue;
    const index_t distance = centre.squared_distance(areas.runs[i]);
    if (distance < least || (distance == least && label < best)) {
      least = distance;
      best = label;
    }
  }
  return best;
}

/// The area owning most pixels of one component of another labelling of the same image.
label_t main_owner(const Labelling& components,
                   label_t component,
                   const Labelling& areas,
                   std::vector<index_t>& votes) {
  votes.assign(static_cast<std::size_t>(areas.count) + 1, 0);
  for (std::size_t i = 0; i < components.runs.size(); ++i) {
    if (components.label_of_run[i] != component) continue;
    const Run& run = components.runs[i];
    const Run* const first = areas.runs.data() + areas.row_ptr[static_cast<std::size_t>(run.row)];
    const Run* const end = areas.runs.data() + areas.row_ptr[static_cast<std::size_t>(run.row) + 1];
    const Run* area = std::upper_bound(
        first, end, run.begin, [](std::int32_t c, const Run& a) { return c < a.end; });
    for (; area != end && area->begin < run.end; ++area) {
      const auto label = areas.label_of_run[static_cast<std::size_t>(area - areas.runs.data())];
      votes[static_cast<std::size_t>(label)] +=
          std::min(area->end, run.end) - std::max(area->begin, run.begin);
    }
  }
  return winner(votes);
}

FazChoice choose_automatic(const BitImage& void_px,
                           const Labelling& areas,
                           double fov_mm,
                           Connectivity connectivity,
                           FazScratch& scratch) {
  open_by_disc(void_px, scratch.opened, scratch.opening);
  label_runs(scratch.opened, connectivity, scratch.components);
  const Labelling& components = scratch.components;
  const Centre centre{void_px.rows() - 1, void_px.cols() - 1};
  const double radius =
      kFoveaRadiusMm / fov_mm * static_cast<double>(std::max(void_px.rows(), void_px.cols()));
  const double limit = (2.0 * radius) * (2.0 * radius);
  scratch.size.assign(static_cast<std::size_t>(components.count) + 1, 0);
  scratch.near_centre.assign(scratch.size.size(), 0);
  for (std::size_t i = 0; i < components.runs.size(); ++i) {
    const Run& run = components.runs[i];
    const auto label = static_cast<std::size_t>(components.label_of_run[i]);
    scratch.size[label] += run.end - run.begin;
    if (static_cast<double>(centre.squared_distance(run)) <= limit) scratch.near_centre[label] = 1;
  }
  for (std::size_t label = 1; label < scratch.size.size(); ++label) {
    if (scratch.near_centre[label] == 0) scratch.size[label] = 0;
  }
  const label_t largest = winner(scratch.size);
  if (largest != 0) {
    const index_t first = scratch.size[static_cast<std::size_t>(largest)];
    scratch.size[static_cast<std::size_t>(largest)] = 0;
    const index_t second = *std::ranges::max_element(scratch.size);
    const label_t owner = main_owner(components, largest, areas, scratch.votes);
    if (owner != 0) {
      return {owner,
              FazMethod::automatic,
              1.0 - static_cast<double>(second) / static_cast<double>(first)};
    }
  }
  const label_t nearest = nearest_area(areas, centre);
  if (nearest == 0) return {0, FazMethod::none, kNaN};
  return {nearest, FazMethod::nearest, 0.0};
}

label_t area_below_fixed_point(const Labelling& areas) {
  constexpr index_t kPoint = 600;
  constexpr index_t kSide = 1216;
  if (areas.rows == 0 || areas.cols == 0) return 0;
  const index_t col = kPoint * areas.cols / kSide;
  for (index_t row = kPoint * areas.rows / kSide; row < areas.rows; ++row) {
    const label_t label = label_at(areas, row, col);
    if (label != 0) return label;
  }
  return 0;
}

index_t count_ones(const BitImage& bits, const Run& run) {
  const std::uint64_t* words = bits.row(run.row);
  index_t ones = 0;
  const std::int32_t first = run.begin >> 6;
  const std::int32_t last = (run.end - 1) >> 6;
  for (std::int32_t k = first; k <= last; ++k) {
    std::uint64_t inside = ~std::uint64_t{0};
    if (k == first) inside <<= run.begin & 63;
    if (k == last) inside &= ~std::uint64_t{0} >> (63 - ((run.end - 1) & 63));
    ones += std::popcount(words[k] & inside);
  }
  return ones;
}

label_t area_under_mask(const Labelling& areas, const BitImage& mask, std::vector<index_t>& votes) {
  votes.assign(static_cast<std::size_t>(areas.count) + 1, 0);
  for (std::size_t i = 0; i < areas.runs.size(); ++i) {
    votes[static_cast<std::size_t>(areas.label_of_run[i])] += count_ones(mask, areas.runs[i]);
  }
  return winner(votes);
}

}  // namespace

std::string_view name(FazMethod method) {
  constexpr std::array<std::string_view, 5> kNames = {"none", "auto", "nearest", "fixed", "mask"};
  return kNames[static_cast<std::size_t>(method)];
}

FazMethod faz_method_from_name(std::string_view text) {
  for (const FazMethod method : {FazMethod::automatic, FazMethod::fixed, FazMethod::mask}) {
    if (text == name(method)) return method;
  }
  throw ValueError("faz method must be auto, fixed or mask, got '" + std::string(text) + "'");
}

FazChoice find_faz(const BitImage& void_px,
                   const Labelling& areas,
                   FazMethod method,
                   double fov_mm,
                   const BitImage* faz_mask,
                   Connectivity connectivity,
                   FazScratch& scratch) {
  const ImageView<const label_t> shape(nullptr, areas.rows, areas.cols);
  require_same_shape(shape, "ica_label", void_px, "void");
  if (!std::isfinite(fov_mm) || fov_mm <= 0.0) {
    throw ValueError("fov_mm must be positive and finite, got " + std::to_string(fov_mm));
  }
  label_t label = 0;
  switch (method) {
    case FazMethod::automatic:
      return choose_automatic(void_px, areas, fov_mm, connectivity, scratch);
    case FazMethod::fixed:
      label = area_below_fixed_point(areas);
      break;
    case FazMethod::mask:
      if (faz_mask == nullptr) throw ValueError("faz method mask needs a faz_mask");
      require_same_shape(shape, "ica_label", *faz_mask, "faz_mask");
      label = area_under_mask(areas, *faz_mask, scratch.votes);
      break;
    default:
      throw ValueError("faz method must be auto, fixed or mask, got '" + std::string(name(method)) +
                       "'");
  }
  return {label, label == 0 ? FazMethod::none : method, kNaN};
}

}  // namespace gftcore
