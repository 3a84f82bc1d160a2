// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// Contour pixels of one region by the way the contour passes through them. Contour = region
/// pixels with a 4-neighbour outside the region; outside the image is outside.
struct ContourCounts {
  std::int32_t straight = 0;  // weight 1
  std::int32_t diagonal = 0;  // weight sqrt(2)
  std::int32_t mixed = 0;     // weight (1 + sqrt(2)) / 2
};

/// Memory that count_contours() reuses.
struct ContourScratch {
  std::vector<std::uint64_t> rows;
};

/// What the caller knows of its regions. `none`: no two regions share a side or a corner, as with
/// 8-connected components.
enum class Contact : std::uint8_t { possible, none };

/// Count the contour pixels of every region into counts[label - 1]; runs with label 0 belong to
/// none. Each region is judged alone, even where regions touch; a wrong `contact` spoils the
/// counts. `counts` has one entry for each of 1..regions.count. The same counts on every target.
/// O(H*W/64 + runs).
void count_contours(const Labelling& regions,
                    Contact contact,
                    std::span<ContourCounts> counts,
                    ContourScratch& scratch,
                    Target target = active_target());

/// Perimeter (px) by the weights of Benkrid and Crookes, as scikit-image's `perimeter` has it.
double perimeter_px(const ContourCounts& counts);

}  // namespace gftcore
