// SPDX-License-Identifier: Apache-2.0
#include "gftcore/biomarkers/outline.hpp"

#include <algorithm>

namespace gftcore {

ContourCounts count_outline(const BitImage& image, OutlineScratch& scratch, Target target) {
  label_runs(image, Connectivity::eight, scratch.runs);
  ContourCounts counts;
  if (scratch.runs.count == 0) return counts;
  // All components are one region; what lies in different ones never shares a side or corner.
  std::ranges::fill(scratch.runs.label_of_run, label_t{1});
  scratch.runs.count = 1;
  count_contours(scratch.runs, Contact::none, {&counts, 1}, scratch.contour, target);
  return counts;
}

}  // namespace gftcore
