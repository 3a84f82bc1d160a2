// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

/// One relation as compressed rows and columns. Rows are destinations.
struct Csr {
  std::vector<index_t> rowptr;  ///< [num_dst + 1]
  std::vector<index_t> col;     ///< [E] sources, ascending in each row
  std::vector<index_t> eid;  ///< [E] the caller's edge in this slot; ascending among equal sources
  std::vector<index_t> colptr;  ///< [num_src + 1]
  std::vector<index_t> row;     ///< [E] destinations by source, ascending in each column
  std::vector<index_t> slot;    ///< [E] the row slot of each column entry
  std::vector<float> inv_deg;   ///< [num_dst] 1 / max(in-degree, 1)
};

/// Index edges src[e] -> dst[e]. Parallel edges stay. O(E + nodes), stable, deterministic.
/// Throws ShapeError unless both lists have one length, ValueError if an end is out of range.
Csr csr_from_edges(std::span<const index_t> src,
                   std::span<const index_t> dst,
                   index_t num_src,
                   index_t num_dst);

}  // namespace gftcore
