// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "gftcore/common/aligned_vector.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "networks.hpp"
#include "simd/network.hpp"

namespace gftcore::test {
namespace {
using simd::Act;

std::vector<simd::NetworkKernels<float>> all_kernels() {
  std::vector<simd::NetworkKernels<float>> out{simd::network_scalar()};
#if defined(__x86_64__)
  for (const Target target : available_targets()) {
    if (target == Target::avx2) out.push_back(simd::network_avx2());
    if (target == Target::avx512) out.push_back(simd::network_avx512());
  }
#endif
  return out;
}

AlignedVector<float> drawn(Random& random, index_t size) {
  AlignedVector<float> out;
  for (index_t i = 0; i < size; ++i) out.push_back(static_cast<float>(normal(random)));
  return out;
}

double activated(double x, Act act) {
  if (act == Act::none || x > 0) return x;
  return act == Act::relu ? 0.0 : act == Act::leaky ? 0.01 * x : std::expm1(x);
}

constexpr Act kActs[] = {Act::none, Act::relu, Act::leaky, Act::elu};

TEST_CASE("multiply equals the sum written down, for any number of rows and every width") {
  Random random(1);
  for (const auto& kernels : all_kernels()) {
    for (const index_t width : {16, 32, 48, 64, 80, 112, 128}) {
      for (index_t rows = 0; rows < 15; ++rows) {
        const index_t depth = 1 + below(random, 70);
        const auto in = drawn(random, rows * (depth + 3));
        const auto weight = drawn(random, depth * width);
        const auto bias = drawn(random, width);
        const auto before = drawn(random, rows * width);
        const Act act = kActs[below(random, 4)];
        const bool add = below(random, 2) == 0;
        const bool with_bias = below(random, 2) == 0;
        auto out = before;
        kernels.multiply({in.data(),
                          depth + 3,
                          weight.data(),
                          depth,
                          width,
                          rows,
                          out.data(),
                          add,
                          with_bias ? bias.data() : nullptr,
                          act});
        double worst = 0;
        for (index_t r = 0; r < rows; ++r) {
          for (index_t c = 0; c < width; ++c) {
            const auto at = static_cast<std::size_t>(r * width + c);
            double sum = add ? before[at] : with_bias ? bias[static_cast<std::size_t>(c)] : 0.0F;
            for (index_t k = 0; k < depth; ++k) {
              sum += double{in[static_cast<std::size_t>(r * (depth + 3) + k)]} *
                     double{weight[static_cast<std::size_t>(k * width + c)]};
            }
            worst = std::max(worst, std::abs(activated(sum, act) - double{out[at]}));
          }
        }
        CHECK(worst < 2e-5);
      }
    }
  }
}

TEST_CASE("a row of a product does not depend on the rows beside it") {
  Random random(2);
  const index_t depth = 37;
  const index_t width = 64;
  const auto in = drawn(random, 48 * depth);
  const auto weight = drawn(random, depth * width);
  for (const auto& kernels : all_kernels()) {
    AlignedVector<float> together(std::size_t{48} * 64);
    kernels.multiply({in.data(),
                      depth,
                      weight.data(),
                      depth,
                      width,
                      48,
                      together.data(),
                      false,
                      nullptr,
                      Act::elu});
    for (index_t r = 0; r < 48; ++r) {
      AlignedVector<float> alone(64);
      kernels.multiply({in.data() + r * depth,
                        depth,
                        weight.data(),
                        depth,
                        width,
                        1,
                        alone.data(),
                        false,
                        nullptr,
                        Act::elu});
      for (index_t c = 0; c < width; ++c) {
        CHECK(alone[static_cast<std::size_t>(c)] ==
              together[static_cast<std::size_t>(r * width + c)]);
      }
    }
  }
}

TEST_CASE("gather adds up rows in the order of the edges and scales the sum") {
  Random random(3);
  const std::vector<std::int32_t> rowptr{0, 0, 3, 4, 4, 9};
  const std::vector<std::int32_t> col{2, 0, 2, 1, 0, 1, 2, 3, 3};
  const auto scale = drawn(random, 5);
  const auto source_scale = drawn(random, 4);
  for (const auto& kernels : all_kernels()) {
    for (const index_t width : {16, 64, 112}) {
      for (const bool weighted : {false, true}) {
        for (const bool add : {false, true}) {
          const auto in = drawn(random, 4 * width);
          const auto before = drawn(random, 5 * width);
          auto out = before;
          kernels.gather({in.data(),
                          rowptr.data(),
                          col.data(),
                          scale.data(),
                          weighted ? source_scale.data() : nullptr,
                          5,
                          width,
                          out.data(),
                          add});
          for (std::size_t v = 0; v < 5; ++v) {
            for (index_t c = 0; c < width; ++c) {
              double sum = 0;
              for (auto e = static_cast<std::size_t>(rowptr[v]);
                   e < static_cast<std::size_t>(rowptr[v + 1]);
                   ++e) {
                const auto u = static_cast<std::size_t>(col[e]);
                const double factor = weighted ? source_scale[u] : 1.0F;
                sum +=
                    factor *
                    double{
                        in[u * static_cast<std::size_t>(width + 0) + static_cast<std::size_t>(c)]};
              }
              const std::size_t at =
                  v * static_cast<std::size_t>(width) + static_cast<std::size_t>(c);
              const double expected = double{scale[v]} * sum + (add ? double{before[at]} : 0.0);
              CHECK(double{out[at]} == doctest::Approx(expected).epsilon(1e-5));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("finish adds the bias of a row's pattern") {
  Random random(4);
  const index_t width = 32;
  const auto bias = drawn(random, 3 * width);
  const std::vector<std::uint8_t> pattern{2, 0, 1, 1};
  for (const auto& kernels : all_kernels()) {
    for (const Act act : kActs) {
      const auto before = drawn(random, 4 * width);
      auto out = before;
      kernels.finish({out.data(), 4, width, bias.data(), pattern.data(), act});
      for (std::size_t r = 0; r < 4; ++r) {
        for (std::size_t c = 0; c < 32; ++c) {
          const double sum =
              double{before[r * 32 + c]} + double{bias[std::size_t{pattern[r]} * 32 + c]};
          CHECK(double{out[r * 32 + c]} == doctest::Approx(activated(sum, act)).epsilon(1e-5));
        }
      }
    }
  }
}

TEST_CASE("elu keeps its precision near 0 and ends at -1") {
  for (const auto& kernels : all_kernels()) {
    AlignedVector<float> values{-1e-8F,
                                -1e-4F,
                                -0.01F,
                                -0.3F,
                                -0.35F,
                                -0.7F,
                                -3.0F,
                                -17.0F,
                                -30.F,
                                -1e4F,
                                -1e30F,
                                0.0F,
                                1e-8F,
                                0.5F,
                                100.0F,
                                1e30F};
    const auto before = values;
    kernels.finish({values.data(), 1, 16, nullptr, nullptr, Act::elu});
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double x = before[i];
      const double expected = x > 0 ? x : std::expm1(x);
      CHECK(std::abs(double{values[i]} - expected) <= 1.2e-7 * std::abs(expected));
    }
  }
}

TEST_CASE("pool: sums of columns, and the largest value so far") {
  Random random(5);
  const index_t width = 48;
  for (const auto& kernels : all_kernels()) {
    const auto in = drawn(random, 7 * width);
    AlignedVector<float> sum(48);
    AlignedVector<float> highest(48, 1.5F);
    kernels.pool({in.data(), 7, width, sum.data(), highest.data()});
    for (std::size_t c = 0; c < 48; ++c) {
      double expected = 0;
      float top = 1.5F;
      for (std::size_t r = 0; r < 7; ++r) {
        expected += double{in[r * 48 + c]};
        top = std::max(top, in[r * 48 + c]);
      }
      CHECK(double{sum[c]} == doctest::Approx(expected).epsilon(1e-5));
      CHECK(highest[c] == top);
    }
  }
}

}  // namespace
}  // namespace gftcore::test
