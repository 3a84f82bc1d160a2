// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/extract.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../scene.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

TEST_CASE("a grid of vessels gives its crossings, pieces and areas") {
  const Pixels mask = vessel_grid(58, 78, 20);
  Workspace workspace;
  const HeteroGraph graph = extract({mask.view(), {}, {}, {}}, {}, workspace);
  CHECK(graph.remarks.empty());
  // 2 x 3 crossings; every line meets the frame at both ends.
  CHECK(std::ranges::count(graph.node_kind, static_cast<std::uint8_t>(NodeKind::junction)) == 6);
  CHECK(std::ranges::count(graph.node_kind, static_cast<std::uint8_t>(NodeKind::border)) == 10);
  CHECK(graph.vessels.rows() == 17);
  CHECK(graph.areas.rows() + graph.faz.rows() == 12);
}

TEST_CASE("an empty mask has one area and no vessel; a full one has neither; both are remarked") {
  Workspace workspace;
  const Pixels empty(40, 50);
  const HeteroGraph none = extract({empty.view(), {}, {}, {}}, {}, workspace);
  CHECK(none.remarks == std::vector<Remark>{Remark::empty_mask});
  CHECK(none.node_kind.empty());
  CHECK(none.areas.rows() + none.faz.rows() == 1);

  Pixels full(40, 50);
  std::ranges::fill(full.values, std::uint8_t{255});
  ExtractOptions options;
  options.keep = static_cast<std::uint8_t>(Keep::distance);
  const HeteroGraph all = extract({full.view(), {}, {}, {}}, options, workspace);
  CHECK(all.remarks == std::vector<Remark>{Remark::full_mask});
  CHECK(all.node_kind.empty());
  CHECK(all.areas.rows() + all.faz.rows() == 0);
  CHECK(std::isinf(all.kept.distance.front()));
}

TEST_CASE("a workspace carries nothing over from one image to the next") {
  Workspace reused;
  const Pixels large = vessel_grid(90, 70, 15);
  const Pixels small = vessel_grid(33, 41, 11);
  extract({large.view(), {}, {}, {}}, {}, reused);
  const HeteroGraph again = extract({small.view(), {}, {}, {}}, {}, reused);
  Workspace fresh;
  const HeteroGraph first = extract({small.view(), {}, {}, {}}, {}, fresh);
  CHECK(same_bytes(again.vessels.values, first.vessels.values));
  CHECK(same_bytes(again.areas.values, first.areas.values));
  CHECK(again.vi.ends == first.vi.ends);
}

TEST_CASE("excluded pixels cut vessels as the image frame does") {
  const Pixels mask = vessel_grid(58, 78, 20);
  Pixels excluded(58, 78);
  for (index_t r = 0; r < 58; ++r) {
    for (index_t c = 50; c < 78; ++c) excluded(r, c) = 1;
  }
  Workspace workspace;
  const HeteroGraph graph = extract({mask.view(), {}, excluded.view(), {}}, {}, workspace);
  index_t beside = 0;
  for (std::size_t a = 0; a < graph.ica_touches_border.size(); ++a) {
    if (graph.ica_bbox[4 * a + 3] != 50) continue;
    CHECK(graph.ica_touches_border[a] == 1);
    ++beside;
  }
  CHECK(beside > 0);
  for (std::size_t i = 1; i < graph.point_pixel.size(); i += 2) CHECK(graph.point_pixel[i] < 50);
}

TEST_CASE("the longest sides that are supported work") {
  Workspace workspace;
  Pixels mask(3, 32767);
  for (index_t c = 0; c < 32767; ++c) mask(1, c) = 1;
  const HeteroGraph graph = extract({mask.view(), {}, {}, {}}, {}, workspace);
  CHECK(graph.vessels.rows() == 1);
  CHECK(graph.face_ica.size() == 2);
}

TEST_CASE("sizes and shapes that do not fit are refused") {
  Workspace workspace;
  const Pixels none(0, 5);
  CHECK_THROWS_AS(extract({none.view(), {}, {}, {}}, {}, workspace), ShapeError);
  const Pixels mask = vessel_grid(20, 20, 5);
  const Pixels other(20, 21);
  CHECK_THROWS_AS(extract({mask.view(), {}, other.view(), {}}, {}, workspace), ShapeError);
  CHECK_THROWS_AS(
      extract({mask.view(), ImageView<const std::uint8_t>(other.view()), {}, {}}, {}, workspace),
      ShapeError);
}

}  // namespace
}  // namespace gftcore
