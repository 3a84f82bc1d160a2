// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/label.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/count_ones.hpp"
#include "gftcore/common/list_ones.hpp"
#include "gftcore/common/resize_exactly.hpp"

namespace gftcore {
namespace {

/// Ones whose left neighbour differs: the begins and ends of runs, alternating.
std::uint64_t transitions(const std::uint64_t* words, index_t k) {
  return words[k] ^ (words[k] << 1 | words[k - 1] >> 63);
}

/// Runs of a row; one word more than used, so that a run touching the last column ends there.
index_t count_runs(const std::uint64_t* words, index_t used_words) {
  return count_ones(used_words + 1, [words](index_t k) { return transitions(words, k); }) / 2;
}

/// Disjoint sets of runs in which a set's root is its first run, so roots meet raster order.
class RunSets {
 public:
  explicit RunSets(label_t* parent) : parent_(parent) {}

  label_t find(label_t i) {
    while (parent_[i] != i) {
      parent_[i] = parent_[parent_[i]];
      i = parent_[i];
    }
    return i;
  }

  /// Unite the sets with root `root` and member `i`; returns the root.
  label_t unite(label_t root, label_t i) {
    const label_t other = find(i);
    if (other == root) return root;
    const label_t low = std::min(root, other);
    parent_[std::max(root, other)] = low;
    return low;
  }

 private:
  label_t* parent_;
};

/// Unite the runs of one row with the runs they touch in the row above. `reach` is 1 when
/// diagonal contact counts and 0 otherwise.
void join_rows(const Run* runs,
               label_t above,
               label_t above_end,
               label_t here,
               label_t here_end,
               std::int32_t reach,
               label_t* parent) {
  RunSets sets(parent);
  for (label_t i = here; i < here_end; ++i) {
    const std::int32_t begin = runs[i].begin - reach;
    const std::int32_t end = runs[i].end + reach;
    while (above < above_end && runs[above].end <= begin) ++above;
    label_t member = i;
    if (above < above_end && runs[above].begin < end) {
      member = parent[above];  // any earlier run of the set will do, but for uniting
      if (above + 1 < above_end && runs[above + 1].begin < end) {
        member = sets.find(member);
        do {
          member = sets.unite(member, ++above);
        } while (above + 1 < above_end && runs[above + 1].begin < end);
      }
    }
    parent[i] = member;
  }
}

/// Pixels that fill_loosely may write beyond the end.
constexpr std::int32_t kLoose = 16;

/// Fill pixels[begin..end) and up to kLoose beyond, to be overwritten afterwards: most stretches
/// are shorter, so that the branch is foreseen, which costs less than stopping in time.
void fill_loosely(label_t* pixels, std::int32_t begin, std::int32_t end, label_t label) {
  for (std::int32_t i = 0; i < kLoose; ++i) pixels[begin + i] = label;
  for (std::int32_t c = begin + kLoose; c < end; c += kLoose) {
    for (std::int32_t i = 0; i < kLoose; ++i) pixels[c + i] = label;
  }
}

}  // namespace

void label_runs(const BitImage& image, Connectivity connectivity, Labelling& out) {
  require_supported_size(image.rows(), image.cols(), "image", kMaxClosedSide);
  out.rows = image.rows();
  out.cols = image.cols();
  out.row_ptr.resize(static_cast<std::size_t>(image.rows()) + 1);
  index_t* row_ptr = out.row_ptr.data();
  row_ptr[0] = 0;
  for (index_t r = 0; r < image.rows(); ++r) {
    row_ptr[r + 1] = row_ptr[r] + count_runs(image.row(r), image.used_words());
  }
  const auto num_runs = static_cast<label_t>(row_ptr[image.rows()]);
  resize_exactly(out.runs, num_runs);
  resize_exactly(out.label_of_run, num_runs);

  // The labels' memory first holds the parents: both have one entry a run, and a parent is never
  // a later run than its child, so the closing sweep may replace one by the other in place.
  label_t* parent = out.label_of_run.data();
  const std::int32_t reach = connectivity == Connectivity::eight ? 1 : 0;
  std::vector<std::int32_t> toggles(static_cast<std::size_t>(image.cols() + 1 + kListSpare));
  const std::int32_t* toggle = toggles.data();
  for (index_t r = 0; r < image.rows(); ++r) {
    const std::uint64_t* words = image.row(r);
    list_ones(
        image.used_words() + 1,
        [words](index_t k) { return transitions(words, k); },
        toggles.data());
    Run* const runs = out.runs.data() + row_ptr[r];
    for (index_t i = 0; i < row_ptr[r + 1] - row_ptr[r]; ++i) {
      runs[i] = {static_cast<std::int32_t>(r), toggle[2 * i], toggle[2 * i + 1]};
    }
    const index_t above = r == 0 ? 0 : row_ptr[r - 1];
    join_rows(out.runs.data(),
              static_cast<label_t>(above),
              static_cast<label_t>(row_ptr[r]),
              static_cast<label_t>(row_ptr[r]),
              static_cast<label_t>(row_ptr[r + 1]),
              reach,
              parent);
  }
  label_t count = 0;
  for (label_t i = 0; i < num_runs; ++i) {
    parent[i] = parent[i] == i ? ++count : parent[parent[i]];
  }
  out.count = count;
}

void paint(const Labelling& labelling, ImageView<label_t> out) {
  const ImageView<const label_t> shape(nullptr, labelling.rows, labelling.cols);
  require_same_shape(shape, "labelling", out, "out");
  const auto cols = static_cast<std::int32_t>(out.cols());
  const Run* runs = labelling.runs.data();
  const label_t* labels = labelling.label_of_run.data();
  const index_t* row_ptr = labelling.row_ptr.data();
  const index_t loose_rows = out.rows() - 1 - kLoose / std::max(out.cols(), index_t{1});
  for (index_t r = 0; r < out.rows(); ++r) {
    label_t* pixels = out.row(r);
    const bool loose = r < loose_rows;
    std::int32_t painted = 0;
    for (index_t i = row_ptr[r]; i < row_ptr[r + 1]; ++i) {
      if (loose) {
        fill_loosely(pixels, painted, runs[i].begin, 0);
        fill_loosely(pixels, runs[i].begin, runs[i].end, labels[i]);
      } else {
        std::fill(pixels + painted, pixels + runs[i].begin, 0);
        std::fill(pixels + runs[i].begin, pixels + runs[i].end, labels[i]);
      }
      painted = runs[i].end;
    }
    std::fill(pixels + painted, pixels + cols, 0);
  }
}

label_t label_at(const Labelling& labelling, index_t row, index_t col) {
  const auto* const runs = labelling.runs.data();
  const auto* const begin = runs + labelling.row_ptr[static_cast<std::size_t>(row)];
  const auto* const end = runs + labelling.row_ptr[static_cast<std::size_t>(row) + 1];
  const auto* const after = std::ranges::upper_bound(begin, end, col, {}, &Run::begin);
  if (after == begin || (after - 1)->end <= col) return 0;
  return labelling.label_of_run[static_cast<std::size_t>(after - 1 - runs)];
}

}  // namespace gftcore
