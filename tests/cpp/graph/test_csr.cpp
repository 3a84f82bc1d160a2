// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/csr.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

using Ids = std::vector<index_t>;

TEST_CASE("rows are destinations, columns ascend, parallel edges keep their order") {
  const Ids src{2, 0, 2, 1, 2};
  const Ids dst{1, 1, 1, 0, 0};
  const Csr csr = csr_from_edges(src, dst, 3, 3);
  CHECK(csr.rowptr == Ids{0, 2, 5, 5});
  CHECK(csr.col == Ids{1, 2, 0, 2, 2});
  CHECK(csr.eid == Ids{3, 4, 1, 0, 2});
  CHECK(csr.colptr == Ids{0, 1, 2, 5});
  CHECK(csr.row == Ids{1, 0, 0, 1, 1});
  CHECK(csr.slot == Ids{2, 0, 1, 3, 4});
  CHECK(csr.inv_deg == std::vector<float>{0.5F, 1.0F / 3.0F, 1.0F});
}

TEST_CASE("no edges and no nodes are fine; bad ends are refused") {
  CHECK(csr_from_edges({}, {}, 0, 0).rowptr == Ids{0});
  const Ids one{1};
  const Ids zero{0};
  CHECK_THROWS_AS(csr_from_edges(one, zero, 1, 1), ValueError);
  CHECK_THROWS_AS(csr_from_edges(zero, {}, 1, 1), ShapeError);
}

}  // namespace
}  // namespace gftcore
