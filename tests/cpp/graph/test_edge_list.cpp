// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

#include "gftcore/graph/adjacency.hpp"
#include "gftcore/graph/edge_list.hpp"

namespace gftcore {
namespace {

TEST_CASE("edges come out sorted, once each, with summed or lowest values") {
  EdgeList list;
  const auto fill = [&list] {
    list.add(2, 0, 5);
    list.add(0, 3, 4);
    list.add(2, 0, 1);
    list.add(0, 1, 7);
  };
  Relation out;
  fill();
  list.take_sum(out);
  CHECK(out.ends == std::vector<index_t>{0, 0, 2, 1, 3, 0});
  CHECK(out.weight == std::vector<float>{7, 4, 6});

  fill();
  list.take_lowest(out);
  CHECK(out.ends == std::vector<index_t>{0, 0, 2, 1, 3, 0});
  CHECK(out.weight == std::vector<float>{7, 4, 1});
}

TEST_CASE("a pair is not turned") {
  EdgeList list;
  list.add(1, 0, 1);
  list.add(0, 1, 2);
  Relation out;
  list.take_sum(out);
  CHECK(out.ends == std::vector<index_t>{0, 1, 1, 0});
  CHECK(out.weight == std::vector<float>{2, 1});
}

TEST_CASE("the list is empty after it was taken, and an empty list gives an empty relation") {
  EdgeList list;
  list.add(4, 4, 1);
  Relation out;
  list.take_sum(out);
  CHECK(out.count() == 1);
  list.take_sum(out);
  CHECK(out.count() == 0);
  CHECK(out.ends.empty());
  list.take_lowest(out);
  CHECK(out.count() == 0);
}

TEST_CASE("edges in any order, as an ordered map has them") {
  std::mt19937 random(3);
  constexpr index_t kLimit = (index_t{1} << 31) - 1;
  const std::pair<index_t, index_t> highest_ends[] = {{1, 1}, {40, kLimit}, {70'000, 70'000}};
  for (const auto& [highest_first, highest_second] : highest_ends) {
    std::uniform_int_distribution<index_t> first_end(0, highest_first);
    std::uniform_int_distribution<index_t> second_end(0, highest_second);
    std::map<std::pair<index_t, index_t>, index_t> sums;
    EdgeList list;
    for (int k = 0; k < 5000; ++k) {
      const index_t first = first_end(random);
      const index_t second = second_end(random);
      list.add(first, second, k % 7);
      sums[{first, second}] += k % 7;
    }
    Relation out;
    list.take_sum(out);
    REQUIRE(out.count() == static_cast<index_t>(sums.size()));
    std::size_t e = 0;
    for (const auto& [pair, value] : sums) {
      REQUIRE(out.ends[e] == pair.first);
      REQUIRE(out.ends[sums.size() + e] == pair.second);
      REQUIRE(out.weight[e] == static_cast<float>(value));
      ++e;
    }
  }
}

}  // namespace
}  // namespace gftcore
