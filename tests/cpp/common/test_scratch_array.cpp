// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "gftcore/common/scratch_array.hpp"

namespace gftcore {
namespace {

TEST_CASE("memory is kept when it suffices") {
  ScratchArray<int> array;
  CHECK(array.data() == nullptr);
  int* first = array.request(10);
  first[9] = 1;
  CHECK(array.request(4) == first);
  CHECK(array.request(10) == first);
  CHECK(array.data() == first);
}

TEST_CASE("every requested element can be written") {
  ScratchArray<double> array;
  for (const index_t size : {index_t{0}, index_t{1}, index_t{100}, index_t{7}, index_t{1000}}) {
    double* data = array.request(size);
    for (index_t i = 0; i < size; ++i) data[i] = 1.0;
    CHECK(array.data() == data);
  }
}

}  // namespace
}  // namespace gftcore
