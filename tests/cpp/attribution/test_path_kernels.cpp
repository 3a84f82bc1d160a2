// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../nn/networks.hpp"
#include "gftcore/common/aligned_vector.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "simd/network_path.hpp"

namespace gftcore::test {
namespace {
using simd::Act;

std::vector<simd::PathKernels<float>> all_kernels() {
  std::vector<simd::PathKernels<float>> out{simd::path_scalar()};
#if defined(__x86_64__)
  for (const Target target : available_targets()) {
    if (target == Target::avx2) out.push_back(simd::path_avx2());
    if (target == Target::avx512) out.push_back(simd::path_avx512());
  }
#endif
  return out;
}

AlignedVector<float> drawn(Random& random, index_t size, double scale = 1.0) {
  AlignedVector<float> out;
  for (index_t i = 0; i < size; ++i) out.push_back(static_cast<float>(scale * normal(random)));
  return out;
}

double acted(double x, Act act) {
  if (act == Act::none || x > 0) return x;
  return act == Act::relu ? 0.0 : act == Act::leaky ? 0.01 * x : std::expm1(x);
}

double slope(double x, Act act) {
  if (act == Act::none || x > 0) return 1.0;
  return act == Act::relu ? 0.0 : act == Act::leaky ? 0.01 : std::exp(x);
}

constexpr Act kActs[] = {Act::none, Act::relu, Act::leaky, Act::elu};
constexpr index_t kWidth = 48;
constexpr index_t kRows = 5;
constexpr index_t kSize = kRows * kWidth;

TEST_CASE("advance is affine in alpha, keeps what lies before the activation") {
  Random random(1);
  for (const auto& kernels : all_kernels()) {
    for (const Act act : kActs) {
      for (const index_t stride : {index_t{0}, kWidth}) {
        const auto start = drawn(random, kSize);
        const auto step = drawn(random, kSize);
        AlignedVector<float> z(kSize);
        AlignedVector<float> h(kSize);
        kernels.advance(
            {start.data(), stride, step.data(), 0.3F, kRows, kWidth, z.data(), h.data(), act});
        AlignedVector<float> again(kSize);
        kernels.advance({nullptr, 0, nullptr, 0, kRows, kWidth, z.data(), again.data(), act});
        CHECK(again == h);
        double worst = 0;
        for (index_t i = 0; i < kSize; ++i) {
          const auto at = static_cast<std::size_t>(i);
          const auto from = static_cast<std::size_t>(stride == 0 ? i % kWidth : i);
          const double want = double{start[from]} + double{0.3F} * double{step[at]};
          worst = std::max({worst,
                            std::abs(want - double{z[at]}),
                            std::abs(acted(double{z[at]}, act) - double{h[at]})});
        }
        CHECK(worst < 1e-6);
      }
    }
  }
}

/// Ends on both sides of 0, close together, equal and far away.
void draw_ends(Random& random, AlignedVector<float>& a, AlignedVector<float>& b) {
  a = drawn(random, kSize, 3.0);
  b = drawn(random, kSize, 3.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i % 5 == 1) b[i] = a[i];
    if (i % 5 == 2) b[i] = a[i] * 1.0001F;
    if (i % 5 == 3) b[i] = a[i] * 40.0F;
    if (i % 31 == 4) a[i] = 0.0F;
    if (i % 37 == 4) b[i] = 0.0F;
  }
}

TEST_CASE("quotients meet the activation's change, whatever the ends are") {
  Random random(2);
  for (const auto& kernels : all_kernels()) {
    for (const Act act : kActs) {
      for (const index_t stride : {index_t{0}, kWidth}) {
        AlignedVector<float> a;
        AlignedVector<float> b;
        draw_ends(random, a, b);
        const auto g = drawn(random, kSize);
        AlignedVector<float> out(kSize);
        kernels.quotient(
            {g.data(), stride, a.data(), b.data(), kRows, kWidth, act, false, 0.0F, out.data()});
        auto sum = drawn(random, kSize);
        const auto before = sum;
        kernels.quotient(
            {g.data(), stride, a.data(), b.data(), kRows, kWidth, act, true, 0.25F, sum.data()});
        double worst = 0;
        for (index_t i = 0; i < kSize; ++i) {
          const auto at = static_cast<std::size_t>(i);
          const auto from = double{g[static_cast<std::size_t>(stride == 0 ? i % kWidth : i)]};
          const auto x = double{a[at]};
          const auto y = double{b[at]};
          // Where the ends nearly meet, the slope in the middle is exact to their distance squared.
          const bool near = std::abs(x - y) < 1e-3 * std::abs(x) && x * y > 0;
          const double want =
              x == y || near ? slope((x + y) / 2, act) : (acted(y, act) - acted(x, act)) / (y - x);
          worst = std::max(worst, std::abs(from * want - double{out[at]}));
          worst = std::max(worst,
                           std::abs(double{before[at]} + 0.25 * double{out[at]} - double{sum[at]}));
        }
        CHECK(worst < 2e-6);
      }
    }
  }
}

TEST_CASE("quotients of a point are slopes, in both precisions") {
  Random random(3);
  for (const Act act : kActs) {
    auto z = drawn(random, kSize);
    z[7] = 0.0F;
    const AlignedVector<float> g(kSize, 1.0F);
    for (const auto& kernels : all_kernels()) {
      AlignedVector<float> out(kSize);
      kernels.quotient(
          {g.data(), kWidth, z.data(), z.data(), kRows, kWidth, act, false, 0.0F, out.data()});
      double worst = 0;
      for (std::size_t i = 0; i < z.size(); ++i) {
        worst = std::max(worst, std::abs(slope(double{z[i]}, act) - double{out[i]}));
      }
      CHECK(worst < 1e-6);
    }
    const std::vector<double> exact(z.begin(), z.end());
    const std::vector<double> ones(exact.size(), 1.0);
    std::vector<double> out(exact.size());
    simd::path_exact().quotient({ones.data(),
                                 kWidth,
                                 exact.data(),
                                 exact.data(),
                                 kRows,
                                 kWidth,
                                 act,
                                 false,
                                 0.0,
                                 out.data()});
    for (std::size_t i = 0; i < exact.size(); ++i) {
      CHECK(std::abs(slope(exact[i], act) - out[i]) < 1e-15);
    }
  }
}

TEST_CASE("NaN stays NaN, and infinity what it is") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const auto& kernels : all_kernels()) {
    for (const Act act : kActs) {
      AlignedVector<float> z(kSize, 1.0F);
      AlignedVector<float> h(kSize);
      for (std::size_t i = 0; i < z.size(); i += 3) z[i] = std::nanf("");
      for (std::size_t i = 1; i < z.size(); i += 3) z[i] = i % 2 == 0 ? kInfinity : -kInfinity;
      kernels.advance({nullptr, 0, nullptr, 0, kRows, kWidth, z.data(), h.data(), act});
      index_t wrong = 0;
      for (std::size_t i = 0; i < z.size(); ++i) {
        const double want = acted(double{z[i]}, act);
        wrong += std::isnan(z[i]) ? !std::isnan(h[i]) : want != double{h[i]};
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("quotients of infinite ends of one sign are slopes") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const AlignedVector<float> g(kSize, 2.0F);
  for (const auto& kernels : all_kernels()) {
    for (const Act act : kActs) {
      for (const float end : {kInfinity, -kInfinity}) {
        const AlignedVector<float> a(kSize, end);
        const AlignedVector<float> b(kSize, end);
        AlignedVector<float> out(kSize);
        kernels.quotient(
            {g.data(), kWidth, a.data(), b.data(), kRows, kWidth, act, false, 0.0F, out.data()});
        const auto want = static_cast<float>(2.0 * slope(double{end}, act));
        CHECK(out == AlignedVector<float>(kSize, want));
      }
    }
  }
}

TEST_CASE("dots of edges") {
  Random random(4);
  const std::vector<std::int32_t> rowptr{0, 2, 2, 5, 6, 6};
  const std::vector<std::int32_t> col{3, 3, 0, 1, 2, 3};
  const auto left = drawn(random, kSize);
  const auto right = drawn(random, 4 * kWidth);
  const auto scale = drawn(random, kRows);
  for (const auto& kernels : all_kernels()) {
    AlignedVector<float> out(col.size(), 1.0F);
    kernels.edge_dot({left.data(),
                      right.data(),
                      rowptr.data(),
                      col.data(),
                      scale.data(),
                      0.5F,
                      kRows,
                      kWidth,
                      out.data()});
    for (std::size_t v = 0; v + 1 < rowptr.size(); ++v) {
      for (auto e = static_cast<std::size_t>(rowptr[v]);
           e < static_cast<std::size_t>(rowptr[v + 1]);
           ++e) {
        double sum = 0;
        for (std::size_t c = 0; c < static_cast<std::size_t>(kWidth); ++c) {
          const auto u = static_cast<std::size_t>(col[e]);
          sum += double{left[v * kWidth + c]} * double{right[u * kWidth + c]};
        }
        CHECK(std::abs(1.0 + 0.5 * double{scale[v]} * sum - double{out[e]}) < 1e-5);
      }
    }
  }
}

}  // namespace
}  // namespace gftcore::test
