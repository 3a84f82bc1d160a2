// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/fill.hpp"

#include "gftcore/common/checks.hpp"
#include "run_words.hpp"

namespace gftcore {
namespace {

bool has_one(const BitImage& image, const Run& run) {
  std::uint64_t found = 0;
  const std::uint64_t* words = image.row(run.row);
  for_each_word(run, [&](index_t k, std::uint64_t bits) { found |= words[k] & bits; });
  return found != 0;
}

}  // namespace

void fill_small(BitImage& mask, index_t area_px, const BitImage* excluded, FillScratch& scratch) {
  require_supported_size(mask.rows(), mask.cols(), "mask");
  if (excluded != nullptr) require_same_shape(mask, "mask", *excluded, "excluded");
  if (area_px <= 1) return;
  complement(mask, scratch.background);
  label_runs(scratch.background, Connectivity::four, scratch.holes);
  const std::vector<Run>& runs = scratch.holes.runs;
  const std::vector<label_t>& labels = scratch.holes.label_of_run;

  scratch.area_px.assign(static_cast<std::size_t>(scratch.holes.count) + 1, 0);
  index_t* area_of = scratch.area_px.data();
  for (std::size_t i = 0; i < runs.size(); ++i) area_of[labels[i]] += runs[i].end - runs[i].begin;
  for (std::size_t i = 0; i < runs.size() && excluded != nullptr; ++i) {
    // An area that is large enough protects the component just as an exclusion does.
    if (area_of[labels[i]] < area_px && has_one(*excluded, runs[i])) area_of[labels[i]] = area_px;
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (area_of[labels[i]] >= area_px) continue;
    std::uint64_t* words = mask.row(runs[i].row);
    for_each_word(runs[i], [&](index_t k, std::uint64_t bits) { words[k] |= bits; });
  }
}

}  // namespace gftcore
