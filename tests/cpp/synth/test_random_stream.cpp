// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "gftcore/synth/random_stream.hpp"

namespace gftcore {
namespace {

TEST_CASE("words are those of NumPy's Philox") {
  RandomStream zero(0, 0);
  for (const std::uint64_t word :
       {0x02f4ba6408e4d89bU, 0x3dd62b0b9ca8c5b2U, 0x1c8667a55d902e79U, 0x907d7a052fd5b4dcU}) {
    CHECK(zero.bits() == word);
  }
  RandomStream other(2, 3);
  for (const std::uint64_t word : {0xc2d544c796f56fb5U,
                                   0xfdd6b2e91a1f1f39U,
                                   0x6ed5cdb5d27c9961U,
                                   0x7f0e389349fed55eU,
                                   0xe016d213d589e3c4U,
                                   0xba19c36a71dd1b6fU}) {
    CHECK(other.bits() == word);
  }
}

TEST_CASE("streams differ and repeat") {
  RandomStream a(5, 0);
  RandomStream again(5, 0);
  RandomStream other_stream(5, 1);
  RandomStream other_seed(6, 0);
  int same_stream = 0;
  int same_seed = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t word = a.bits();
    CHECK(word == again.bits());
    same_stream += word == other_stream.bits() ? 1 : 0;
    same_seed += word == other_seed.bits() ? 1 : 0;
  }
  CHECK(same_stream == 0);
  CHECK(same_seed == 0);
}

TEST_CASE("uniform numbers are multiples of 2^-53 in [0, 1), spread evenly") {
  RandomStream random(11, 3);
  constexpr int kCount = 100000;
  std::array<int, 10> bins{};
  for (int i = 0; i < kCount; ++i) {
    const double u = random.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    REQUIRE(std::floor(u * 0x1p53) == u * 0x1p53);
    ++bins.at(static_cast<std::size_t>(u * 10));
  }
  double chi = 0;
  for (const int count : bins) chi += (count - 1e4) * (count - 1e4) / 1e4;
  CHECK(chi < 27.9);  // 9 degrees of freedom, 1 in 1000
}

TEST_CASE("normal numbers have the moments and tails of a normal") {
  RandomStream random(12, 0);
  constexpr int kCount = 100000;
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  int beyond = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    beyond += std::abs(x) > 1.959964 ? 1 : 0;
  }
  CHECK(std::abs(sum / kCount) < 0.0105);
  CHECK(squares / kCount == doctest::Approx(1).epsilon(0.015));
  CHECK(fourth / kCount == doctest::Approx(3).epsilon(0.06));
  CHECK(beyond == doctest::Approx(0.05 * kCount).epsilon(0.05));
}

}  // namespace
}  // namespace gftcore
