// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>

#include "gftcore/common/lent.hpp"
#include "gftcore/common/scratch_memory.hpp"

namespace gftcore {
namespace {

TEST_CASE("memory and its content are kept when it suffices") {
  ScratchMemory memory;
  int* first = memory.request<int>(10);
  first[9] = 1;
  CHECK(memory.request<int>(4) == first);
  CHECK(memory.request<int>(10) == first);
  CHECK(first[9] == 1);
  CHECK(static_cast<void*>(memory.request<double>(5)) == static_cast<void*>(first));
}

TEST_CASE("every requested element can be written") {
  ScratchMemory memory;
  for (const index_t size : {index_t{0}, index_t{1}, index_t{100}, index_t{7}, index_t{1000003}}) {
    auto* data = memory.request<double>(size);
    for (index_t i = 0; i < size; ++i) data[i] = 1.0;
    CHECK(memory.request<double>(size) == data);
    CHECK(reinterpret_cast<std::uintptr_t>(data) % 64 == 0);
  }
}

TEST_CASE("an image lies in the memory row by row") {
  ScratchMemory memory;
  const auto image = memory.request_image<std::int32_t>(3, 5);
  CHECK(image.rows() == 3);
  CHECK(image.cols() == 5);
  CHECK(image.data() == memory.request<std::int32_t>(15));
}

TEST_CASE("lent memory comes back") {
  ScratchMemory owner;
  ScratchMemory borrower;
  int* lent = owner.request<int>(8);
  int* own = borrower.request<int>(2);
  {
    const Lent loan(owner, borrower);
    CHECK(borrower.request<int>(8) == lent);
    lent = borrower.request<int>(80);
  }
  CHECK(owner.request<int>(80) == lent);
  CHECK(borrower.request<int>(2) == own);
}

}  // namespace
}  // namespace gftcore
