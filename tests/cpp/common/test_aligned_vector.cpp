// SPDX-License-Identifier: Apache-2.0
#include "gftcore/common/aligned_vector.hpp"

#include <doctest/doctest.h>

#include <cstdint>

namespace gftcore {
namespace {

TEST_CASE("elements start at a cache line, however often the vector grows or moves") {
  AlignedVector<float> values;
  for (int i = 0; i < 100; ++i) {
    values.push_back(static_cast<float>(i));
    CHECK(reinterpret_cast<std::uintptr_t>(values.data()) % 64 == 0);
  }
  const AlignedVector<float> copy = values;
  CHECK(reinterpret_cast<std::uintptr_t>(copy.data()) % 64 == 0);
  CHECK(copy == values);
}

}  // namespace
}  // namespace gftcore
