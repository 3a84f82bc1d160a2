// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/region_runs.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

/// Columns per group: a group of change flags is tested as one word.
constexpr std::int32_t kGroup = 8;

/// changed[c] = 1 where a pixel differs from the one before it; columns -1 and `cols` count as
/// different, and flags after that are 0 up to a whole group.
void flag_changes(const label_t* pixels, std::int32_t cols, std::vector<std::uint8_t>& changed) {
  std::uint8_t* const flags = changed.data();
  for (std::int32_t c = 1; c < cols; ++c) flags[c] = pixels[c] != pixels[c - 1] ? 1 : 0;
  flags[0] = 1;
  flags[cols] = 1;
}

/// Call visit(c) for every flagged column, ascending.
template <class Visit>
void for_each_change(const std::vector<std::uint8_t>& changed, Visit visit) {
  const auto size = static_cast<std::int32_t>(changed.size());
  for (std::int32_t c = 0; c < size; c += kGroup) {
    std::uint64_t flags = 0;
    std::memcpy(&flags, changed.data() + c, sizeof(flags));
    if constexpr (std::endian::native == std::endian::big) flags = __builtin_bswap64(flags);
    for (; flags != 0; flags &= flags - 1) visit(c + std::countr_zero(flags) / 8);
  }
}

void find_runs(ImageView<const label_t> labels, Labelling& out) {
  const auto cols = static_cast<std::int32_t>(labels.cols());
  const auto row_length = static_cast<std::size_t>(cols);
  std::vector<std::uint8_t> changed((row_length / kGroup + 1) * kGroup, 0);
  out.row_ptr.assign(1, 0);
  std::size_t count = 0;
  for (index_t r = 0; r < labels.rows(); ++r) {
    const label_t* pixels = labels.row(r);
    if (cols > 0) flag_changes(pixels, cols, changed);
    if (out.runs.size() < count + row_length + 1) {
      out.runs.resize(2 * count + row_length + 1);
      out.label_of_run.resize(out.runs.size());
    }
    Run* runs = out.runs.data();
    label_t* values = out.label_of_run.data();
    std::int32_t begin = 0;
    for_each_change(changed, [&](std::int32_t end) {
      // The stretch before `end`, empty at column 0; it is overwritten unless it counts.
      const label_t value = pixels[begin];
      runs[count] = {static_cast<std::int32_t>(r), begin, end};
      values[count] = value;
      count += value != 0 && end > begin ? 1 : 0;
      begin = end;
    });
    out.row_ptr.push_back(static_cast<index_t>(count));
  }
  out.runs.resize(count);
  out.label_of_run.resize(count);
}

/// Position + 1 of every value up to the largest, through a table of that length.
void rank_by_table(label_t largest, std::vector<label_t>& values, std::vector<label_t>& distinct) {
  std::vector<label_t> rank(static_cast<std::size_t>(largest) + 1, 0);
  for (const label_t value : values) rank[static_cast<std::size_t>(value)] = 1;
  for (label_t value = 1; value <= largest; ++value) {
    label_t& entry = rank[static_cast<std::size_t>(value)];
    if (entry == 0) continue;
    distinct.push_back(value);
    entry = static_cast<label_t>(distinct.size());
  }
  for (label_t& value : values) value = rank[static_cast<std::size_t>(value)];
}

void rank_by_sorting(std::vector<label_t>& values, std::vector<label_t>& distinct) {
  distinct = values;
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (label_t& value : values) {
    value = static_cast<label_t>(std::ranges::lower_bound(distinct, value) - distinct.begin()) + 1;
  }
}

}  // namespace

void region_runs(ImageView<const label_t> labels, Labelling& out, std::vector<label_t>& label_id) {
  require_supported_size(labels.rows(), labels.cols(), "labels");
  out.rows = labels.rows();
  out.cols = labels.cols();
  find_runs(labels, out);
  label_id.clear();
  out.count = 0;
  if (out.runs.empty()) return;
  const auto [lowest, largest] = std::ranges::minmax(out.label_of_run);
  if (lowest < 0) {
    throw ValueError("labels must not be negative, got " + std::to_string(lowest));
  }
  if (largest <= labels.size()) {
    rank_by_table(largest, out.label_of_run, label_id);
  } else {
    rank_by_sorting(out.label_of_run, label_id);
  }
  out.count = static_cast<label_t>(label_id.size());
}

bool regions_touch(const Labelling& regions) {
  const Run* runs = regions.runs.data();
  const label_t* labels = regions.label_of_run.data();
  index_t above = 0;
  index_t above_end = 0;
  for (index_t r = 0; r < regions.rows; ++r) {
    const index_t here = regions.row_ptr[static_cast<std::size_t>(r)];
    const index_t here_end = regions.row_ptr[static_cast<std::size_t>(r) + 1];
    for (index_t i = here; i < here_end; ++i) {
      if (labels[i] == 0) continue;
      if (i > here && runs[i - 1].end == runs[i].begin && labels[i - 1] != 0) return true;
      while (above < above_end && runs[above].end < runs[i].begin) ++above;
      for (index_t j = above; j < above_end && runs[j].begin <= runs[i].end; ++j) {
        if (labels[j] != labels[i] && labels[j] != 0) return true;
      }
    }
    above = here;
    above_end = here_end;
  }
  return false;
}

}  // namespace gftcore
