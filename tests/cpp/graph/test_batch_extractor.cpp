// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/batch_extractor.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "../scene.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

std::vector<Pixels> scenes() {
  std::vector<Pixels> masks;
  for (index_t i = 0; i < 24; ++i) masks.push_back(vessel_grid(20 + 3 * i, 90 - 2 * i, 7 + i % 9));
  return masks;
}

TEST_CASE("outcomes come in the order of submission and do not depend on threads") {
  const std::vector<Pixels> masks = scenes();
  for (const int threads : {1, 2, 4, 8}) {
    BatchExtractor batch({}, {}, threads);
    for (const Pixels& mask : masks) batch.submit({{}, {mask.view(), {}, {}, {}}, 0});
    for (const Pixels& mask : masks) {
      auto outcome = batch.next();
      REQUIRE(outcome.has_value());
      const auto& graph = std::get<HeteroGraph>(*outcome);
      Workspace workspace;
      const HeteroGraph alone = extract({mask.view(), {}, {}, {}}, {}, workspace);
      CHECK(same_bytes(graph.vessels.values, alone.vessels.values));
      CHECK(same_bytes(graph.areas.values, alone.areas.values));
    }
    CHECK_FALSE(batch.next().has_value());
  }
}

TEST_CASE("an item that throws is reported and the others go on") {
  const Pixels good = vessel_grid(30, 30, 10);
  const Pixels bad(0, 3);
  BatchExtractor batch({}, {}, 2);
  for (const Pixels* mask : {&good, &bad, &good}) batch.submit({{}, {mask->view(), {}, {}, {}}, 0});
  CHECK(std::holds_alternative<HeteroGraph>(*batch.next()));
  const auto failed = batch.next();
  CHECK(std::get<BatchFailure>(*failed).code == "ShapeError");
  CHECK(std::holds_alternative<HeteroGraph>(*batch.next()));
}

TEST_CASE("a batch can be dropped while items wait") {
  const std::vector<Pixels> masks = scenes();
  BatchExtractor batch({}, {}, 2);
  for (const Pixels& mask : masks) batch.submit({{}, {mask.view(), {}, {}, {}}, 0});
}

TEST_CASE("a batch needs a thread") { CHECK_THROWS_AS(BatchExtractor({}, {}, 0), ValueError); }

}  // namespace
}  // namespace gftcore
