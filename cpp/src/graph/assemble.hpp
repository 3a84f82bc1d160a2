// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "gftcore/graph/adjacency.hpp"
#include "gftcore/graph/hetero_graph.hpp"
#include "gftcore/intercapillary/region_table.hpp"

namespace gftcore {

/// The graph's own features, the last columns of its tables.
inline constexpr std::array kDegreeColumns = {"degree", "hetero_degree"};

/// Fill the last two columns.
void write_degrees(std::span<const index_t> degree,
                   std::span<const index_t> hetero_degree,
                   Table& table);

/// Split areas from the FAZ: region row `faz_row` (or none if negative) leaves the area list, the
/// areas after it move up by one, and edges at it become relations of their own. Takes the values
/// of `regions`, which must have room for the degrees.
void split_regions(RegionTable& regions,
                   bool with_intensity,
                   const Adjacency& adjacency,
                   std::span<const label_t> region_of_face,
                   index_t faz_row,
                   HeteroGraph& out);

/// Add to each node's degree how often it is an end of an edge: the first end (side 0) or second
/// (1).
void count_ends(const Relation& relation, int side, std::vector<index_t>& degree);

}  // namespace gftcore
