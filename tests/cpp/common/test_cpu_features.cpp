// SPDX-License-Identifier: Apache-2.0
#include "gftcore/common/cpu_features.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

TEST_CASE("scalar is always available and targets ascend") {
  const auto targets = available_targets();
  REQUIRE_FALSE(targets.empty());
  CHECK(targets.front() == Target::scalar);
  CHECK(std::ranges::is_sorted(targets));
}

TEST_CASE("names and targets are inverse; unknown names are refused") {
  for (const Target target : {Target::scalar, Target::avx2, Target::avx512}) {
    CHECK(target_from_name(name(target)) == target);
  }
  CHECK_THROWS_AS(target_from_name("sse9"), UnavailableError);
}

TEST_CASE("every available target can be forced") {
  const Target before = active_target();
  for (const Target target : available_targets()) {
    set_active_target(target);
    CHECK(active_target() == target);
  }
  set_active_target(before);
}

}  // namespace
}  // namespace gftcore
