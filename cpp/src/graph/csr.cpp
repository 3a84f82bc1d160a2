// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/csr.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

void require_in_range(std::span<const index_t> ends, index_t size, const char* name) {
  for (const index_t node : ends) {
    if (node < 0 || node >= size) {
      throw ValueError(std::string(name) + " must hold node ids in 0.." + std::to_string(size - 1) +
                       ", got " + std::to_string(node));
    }
  }
}

/// Exclusive prefix sums of how often each key occurs: [size + 1].
std::vector<index_t> offsets(std::span<const index_t> keys, index_t size) {
  std::vector<index_t> ptr(static_cast<std::size_t>(size) + 1, 0);
  for (const index_t key : keys) ++ptr[static_cast<std::size_t>(key) + 1];
  std::partial_sum(ptr.begin(), ptr.end(), ptr.begin());
  return ptr;
}

/// The positions `order` names, stably grouped by key.
std::vector<index_t> grouped(std::span<const index_t> order,
                             std::span<const index_t> keys,
                             const std::vector<index_t>& ptr) {
  std::vector<index_t> next(ptr.begin(), ptr.end() - 1);
  std::vector<index_t> out(order.size());
  for (const index_t e : order) {
    const auto key = static_cast<std::size_t>(keys[static_cast<std::size_t>(e)]);
    out[static_cast<std::size_t>(next[key]++)] = e;
  }
  return out;
}

std::vector<index_t> gathered(std::span<const index_t> values, const std::vector<index_t>& at) {
  std::vector<index_t> out(at.size());
  std::ranges::transform(
      at, out.begin(), [&](index_t e) { return values[static_cast<std::size_t>(e)]; });
  return out;
}

}  // namespace

Csr csr_from_edges(std::span<const index_t> src,
                   std::span<const index_t> dst,
                   index_t num_src,
                   index_t num_dst) {
  if (src.size() != dst.size()) {
    throw ShapeError("src and dst must have one length, got " + std::to_string(src.size()) +
                     " and " + std::to_string(dst.size()));
  }
  if (num_src < 0 || num_dst < 0) throw ValueError("num_src and num_dst must not be negative");
  require_in_range(src, num_src, "src");
  require_in_range(dst, num_dst, "dst");

  Csr csr;
  csr.rowptr = offsets(dst, num_dst);
  csr.colptr = offsets(src, num_src);
  std::vector<index_t> all(src.size());
  std::iota(all.begin(), all.end(), index_t{0});
  const std::vector<index_t> by_source = grouped(all, src, csr.colptr);
  csr.eid = grouped(by_source, dst, csr.rowptr);
  csr.col = gathered(src, csr.eid);

  std::vector<index_t> slot_of_edge(src.size());
  for (std::size_t k = 0; k < csr.eid.size(); ++k) {
    slot_of_edge[static_cast<std::size_t>(csr.eid[k])] = static_cast<index_t>(k);
  }
  const std::vector<index_t> by_destination = grouped(all, dst, csr.rowptr);
  const std::vector<index_t> by_column = grouped(by_destination, src, csr.colptr);
  csr.row = gathered(dst, by_column);
  csr.slot = gathered(slot_of_edge, by_column);

  csr.inv_deg.resize(static_cast<std::size_t>(num_dst));
  for (std::size_t v = 0; v < csr.inv_deg.size(); ++v) {
    csr.inv_deg[v] =
        1.0F / static_cast<float>(std::max<index_t>(csr.rowptr[v + 1] - csr.rowptr[v], 1));
  }
  return csr;
}

}  // namespace gftcore
