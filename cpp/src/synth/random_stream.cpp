// SPDX-License-Identifier: Apache-2.0
#include "gftcore/synth/random_stream.hpp"

#include <cmath>

#include "gftcore/synth/portable_math.hpp"

namespace gftcore {
namespace {

__extension__ typedef unsigned __int128 uint128;  // NOLINT(modernize-use-using): as -Wpedantic asks

constexpr int kRounds = 10;
constexpr std::uint64_t kMultiplier0 = 0xD2E7470EE14C6C93;
constexpr std::uint64_t kMultiplier1 = 0xCA5A826395121157;
constexpr std::uint64_t kWeyl0 = 0x9E3779B97F4A7C15;  // the golden ratio
constexpr std::uint64_t kWeyl1 = 0xBB67AE8584CAA73B;  // the square root of 3, less 1

std::uint64_t high(uint128 product) { return static_cast<std::uint64_t>(product >> 64); }
std::uint64_t low(uint128 product) { return static_cast<std::uint64_t>(product); }

}  // namespace

void RandomStream::refill() {
  std::array<std::uint64_t, kWords> c{++blocks_, 0, 0, 0};
  auto [key0, key1] = key_;
  for (int round = 0; round < kRounds; ++round) {
    const uint128 first = uint128{kMultiplier0} * c[0];
    const uint128 second = uint128{kMultiplier1} * c[2];
    c = {high(second) ^ c[1] ^ key0, low(second), high(first) ^ c[3] ^ key1, low(first)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  block_ = c;
  used_ = 0;
}

double RandomStream::normal() {
  while (true) {
    const double x = 2 * uniform() - 1;
    const double y = 2 * uniform() - 1;
    const double s = x * x + y * y;
    if (s > 0 && s < 1) return x * std::sqrt(-2 * portable::log(s) / s);
  }
}

}  // namespace gftcore
