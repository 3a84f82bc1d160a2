// SPDX-License-Identifier: Apache-2.0
// Edge lists and compressed rows.
#include <algorithm>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/graph/csr.hpp"
#include "gftcore/graph/edge_list.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

using Ids = std::vector<index_t>;
using Pair = std::pair<index_t, index_t>;

struct Edge {
  index_t first, second, value;
};

void check_list(const std::vector<Edge>& edges, bool sum) {
  static EdgeList list;
  std::map<Pair, index_t> want;
  for (const Edge& edge : edges) {
    list.add(edge.first, edge.second, edge.value);
    const auto [at, fresh] = want.try_emplace({edge.first, edge.second}, edge.value);
    if (!fresh) at->second = sum ? at->second + edge.value : std::min(at->second, edge.value);
  }
  Relation got;
  if (sum) {
    list.take_sum(got);
  } else {
    list.take_lowest(got);
  }
  plant(sum ? "take_sum ends" : "take_lowest ends", got.ends);
  plant(sum ? "take_sum weight" : "take_lowest weight", got.weight);
  Relation expected;
  for (const auto& [pair, value] : want) expected.ends.push_back(pair.first);
  for (const auto& [pair, value] : want) {
    expected.ends.push_back(pair.second);
    expected.weight.push_back(static_cast<float>(value));
  }
  same(got.ends, expected.ends, "edge list: ends");
  same(got.weight, expected.weight, "edge list: weight");
}

/// Positions of the edges by (row, col, position), and where each row begins.
void sorted(const Ids& row, const Ids& col, index_t rows, Ids& order, Ids& ptr) {
  order.resize(row.size());
  std::iota(order.begin(), order.end(), index_t{0});
  const auto key = [&](index_t e) {
    return Pair{row[static_cast<std::size_t>(e)], col[static_cast<std::size_t>(e)]};
  };
  std::ranges::stable_sort(order, {}, key);
  ptr.assign(static_cast<std::size_t>(rows) + 1, 0);
  for (const index_t r : row) ++ptr[static_cast<std::size_t>(r) + 1];
  for (std::size_t r = 1; r < ptr.size(); ++r) ptr[r] += ptr[r - 1];
}

void check_csr(const Ids& src, const Ids& dst, index_t num_src, index_t num_dst) {
  const auto outside = [](const Ids& ids, index_t n) {
    return std::ranges::any_of(ids, [n](index_t id) { return id < 0 || id >= n; });
  };
  const bool bad = src.size() != dst.size() || outside(src, num_src) || outside(dst, num_dst);
  Csr csr;
  try {
    csr = csr_from_edges(src, dst, num_src, num_dst);
  } catch (const Error&) {
    expect(bad, "good edges are taken");
    return;
  }
  expect(!bad, "bad edges are refused");
  plant("rowptr", csr.rowptr);
  plant("col", csr.col);
  plant("eid", csr.eid);
  plant("colptr", csr.colptr);
  plant("row", csr.row);
  plant("slot", csr.slot);
  plant("inv_deg", csr.inv_deg);
  Ids by_row;
  Ids rowptr;
  sorted(dst, src, num_dst, by_row, rowptr);
  same(csr.rowptr, rowptr, "rowptr");
  same(csr.eid, by_row, "eid");
  Ids col;
  for (const index_t e : by_row) col.push_back(src[static_cast<std::size_t>(e)]);
  same(csr.col, col, "col");

  // Columns: by (source, destination); the slots of equal ones ascend.
  Ids slot_row;
  for (const index_t e : by_row) slot_row.push_back(dst[static_cast<std::size_t>(e)]);
  Ids by_col;
  Ids colptr;
  sorted(col, slot_row, num_src, by_col, colptr);
  same(csr.colptr, colptr, "colptr");
  same(csr.slot, by_col, "slot");
  Ids row;
  for (const index_t s : by_col) row.push_back(slot_row[static_cast<std::size_t>(s)]);
  same(csr.row, row, "row");
  std::vector<float> inv_deg;
  for (index_t r = 0; r < num_dst; ++r) {
    const auto i = static_cast<std::size_t>(r);
    inv_deg.push_back(1.0F / static_cast<float>(std::max<index_t>(rowptr[i + 1] - rowptr[i], 1)));
  }
  same(csr.inv_deg, inv_deg, "inv_deg");
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  Bytes bytes(data);
  const int kind = bytes.byte();
  const index_t largest = kind % 32 == 3 ? 60000 : 1 + bytes.byte() % 40;
  Random random(bytes.two_bytes());
  const int more = kind / 4 % 2 == 0 ? 0 : bytes.byte();
  std::vector<Edge> edges;
  while (bytes.left() > 0) {
    const index_t first = bytes.below(largest);
    edges.push_back({first, bytes.below(largest), bytes.byte()});
  }
  for (int i = 0; i < more; ++i) {
    const index_t first = random.below(largest);
    edges.push_back({first, random.below(largest), random.below(100)});
  }
  check_list(edges, true);
  check_list(edges, false);

  // Sometimes an end beyond the nodes, or one list longer.
  const index_t num_src = 1 + static_cast<index_t>(kind / 8 % 4 != 3 ? 40 : 20);
  const index_t num_dst = 41;
  Ids src;
  Ids dst;
  for (const Edge& edge : edges) {
    src.push_back(edge.first % 41);
    dst.push_back(edge.second % 41 - (kind / 32 == 7 ? 1 : 0));
  }
  if (kind / 32 == 6) src.push_back(0);
  check_csr(src, dst, num_src, num_dst);
}

}  // namespace gftcore::fuzz
