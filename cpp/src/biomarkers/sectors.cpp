// SPDX-License-Identifier: Apache-2.0
#include "gftcore/biomarkers/sectors.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/count_ones.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

constexpr index_t kUnit = 16;  // positions are multiples of 1/16 px

/// Columns begin <= c < end; none unless begin < end.
struct Span {
  index_t begin = 0;
  index_t end = 0;
};

Span common(Span a, Span b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

index_t floor_to_px(index_t units) { return units >> 4; }
index_t ceil_to_px(index_t units) { return (units + kUnit - 1) >> 4; }
static_assert(kUnit == index_t{1} << 4);

/// Largest squared distance, in units, of a pixel nearer than `radius_px`.
index_t largest_square(double radius_px) {
  const double limit = (kUnit * radius_px) * (kUnit * radius_px);
  return static_cast<index_t>(std::ceil(limit)) - 1;
}

index_t integer_root(index_t square) {
  auto root = static_cast<index_t>(std::sqrt(static_cast<double>(square)));
  while (root * root > square) --root;
  while ((root + 1) * (root + 1) <= square) ++root;
  return root;
}

/// Columns of one row within a circle.
Span across(index_t largest, index_t row_units, index_t centre_units) {
  const index_t left = largest - row_units * row_units;
  if (left < 0) return {};
  const index_t half = integer_root(left);
  return {ceil_to_px(centre_units - half), floor_to_px(centre_units + half) + 1};
}

/// Ones in some columns of a row, word(k) being its k-th word.
template <class WordAt>
index_t ones_in(Span span, WordAt word) {
  const index_t first = span.begin >> 6;
  const index_t last = (span.end - 1) >> 6;
  index_t ones = 0;
  for (index_t k = first; k <= last; ++k) {
    std::uint64_t inside = ~std::uint64_t{0};
    if (k == first) inside <<= span.begin & 63;
    if (k == last) inside &= ~std::uint64_t{0} >> (63 - ((span.end - 1) & 63));
    ones += count_ones(word(k) & inside);
  }
  return ones;
}

class Counter {
 public:
  Counter(const BitImage& vessels, const BitImage* excluded)
      : vessels_(vessels), excluded_(excluded) {}

  void add(Sector sector, index_t row, Span span) {
    if (span.begin >= span.end) return;
    SectorCounts& sums = counts_[static_cast<std::size_t>(sector)];
    sums.whole += span.end - span.begin;
    const Span seen = common(span, {0, vessels_.cols()});
    if (row < 0 || row >= vessels_.rows() || seen.begin >= seen.end) return;
    const std::uint64_t* vessels = vessels_.row(row);
    sums.valid += seen.end - seen.begin;
    if (excluded_ == nullptr) {
      sums.vessel += ones_in(seen, [&](index_t k) { return vessels[k]; });
      return;
    }
    const std::uint64_t* excluded = excluded_->row(row);
    sums.valid -= ones_in(seen, [&](index_t k) { return excluded[k]; });
    sums.vessel += ones_in(seen, [&](index_t k) { return vessels[k] & ~excluded[k]; });
  }

  const std::array<SectorCounts, kSectors>& counts() const { return counts_; }

 private:
  const BitImage& vessels_;
  const BitImage* excluded_;
  std::array<SectorCounts, kSectors> counts_{};
};

void require_place(const SectorPlace& place) {
  const auto far = [](double x) { return !(std::abs(x) <= kMaxSectorRadius); };
  if (far(place.row) || far(place.col)) {
    throw ValueError("position of the sectors must be finite and near the image, got (" +
                     std::to_string(place.row) + ", " + std::to_string(place.col) + ")");
  }
  if (!(place.inner_px > 0.0) || !(place.inner_px <= place.outer_px) ||
      !(place.outer_px <= kMaxSectorRadius)) {
    throw ValueError("radii of the sectors must ascend and lie between 0 and 2^20 px, got " +
                     std::to_string(place.inner_px) + " and " + std::to_string(place.outer_px));
  }
}

}  // namespace

std::array<SectorCounts, kSectors> count_sectors(const BitImage& vessels,
                                                 const BitImage* excluded,
                                                 const SectorPlace& place) {
  require_place(place);
  if (excluded != nullptr) require_same_shape(vessels, "vessels", *excluded, "excluded");
  const auto row0 = static_cast<index_t>(std::nearbyint(place.row * kUnit));
  const auto col0 = static_cast<index_t>(std::nearbyint(place.col * kUnit));
  const index_t disc = largest_square(place.inner_px);
  const index_t ring = largest_square(place.outer_px);
  const index_t reach = integer_root(ring);
  constexpr index_t kFar = index_t{1} << 40;
  Counter counter(vessels, excluded);
  for (index_t row = ceil_to_px(row0 - reach); row <= floor_to_px(row0 + reach); ++row) {
    const index_t dr = row * kUnit - row0;
    const Span outer = across(ring, dr, col0);
    const Span inner = across(disc, dr, col0);
    counter.add(Sector::centre, row, inner);
    // Columns at which the sectors of this row meet: see the header for pixels on a diagonal.
    const index_t left_end = dr < 0 ? ceil_to_px(col0 + dr) : floor_to_px(col0 - dr) + 1;
    const index_t right_begin = dr < 0 ? ceil_to_px(col0 - dr) : floor_to_px(col0 + dr) + 1;
    const Sector middle = dr < 0 ? Sector::up : Sector::down;
    const bool hollow = inner.begin < inner.end;
    for (const Span side :
         {Span{-kFar, hollow ? inner.begin : kFar}, Span{hollow ? inner.end : kFar, kFar}}) {
      const Span part = common(outer, side);
      counter.add(Sector::left, row, common(part, {-kFar, left_end}));
      counter.add(middle, row, common(part, {left_end, right_begin}));
      counter.add(Sector::right, row, common(part, {right_begin, kFar}));
    }
  }
  return counter.counts();
}

}  // namespace gftcore
