// SPDX-License-Identifier: Apache-2.0
#include "gftcore/nn/batch_norm.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"
#include "networks.hpp"

namespace gftcore::test {
namespace {

template <class T>
using Table = std::vector<T>;

/// Rows far from 0, in more than one block of the kernel.
template <class T>
struct Rows {
  Rows(Random& random, index_t n, index_t w, Activation a) : rows(n), width(w), act(a) {
    x = drawn(random, rows * width, 2, 7);
    weight = drawn(random, width, 1, 0);
    bias = drawn(random, width, 1, 0);
    g = drawn(random, rows * width, 1, 0);
    measure(1);
  }

  static Table<T> drawn(Random& random, index_t size, double spread, double middle) {
    Table<T> out;
    for (index_t i = 0; i < size; ++i) {
      out.push_back(static_cast<T>(middle + spread * normal(random)));
    }
    return out;
  }

  void measure(int threads) {
    mean.resize(weight.size());
    variance.resize(weight.size());
    column_moments<T>({x.data(), rows, width}, threads, {mean, variance});
  }

  RowNorm<T> norm() const { return {{x.data(), rows, width}, mean, variance, weight, bias, act}; }

  Table<T> forward(int threads) const {
    Table<T> out(x.size());
    batch_norm<T>(norm(), threads, {out.data(), rows, width});
    return out;
  }

  /// Derivatives by x, weight and bias.
  std::vector<Table<T>> backward(int threads) const {
    std::vector<Table<T>> to{x, weight, bias};
    batch_norm_backward<T>(
        norm(), {g.data(), rows, width}, threads, {{to[0].data(), rows, width}, to[1], to[2]});
    return to;
  }

  /// Sum of the result times g.
  double value() {
    measure(1);
    const Table<T> out = forward(1);
    double sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i) sum += double{out[i]} * g[i];
    return sum;
  }

  index_t rows;
  index_t width;
  Activation act;
  Table<T> x, weight, bias, g;
  Table<double> mean, variance;
};

constexpr Activation kActs[] = {Activation::none, Activation::relu, Activation::leaky};

TEST_CASE("a norm is the formula written down") {
  Random random(1);
  for (const Activation act : kActs) {
    const Rows<double> one(random, 600, 3, act);
    const Table<double> out = one.forward(1);
    for (std::size_t j = 0; j < 3; ++j) {
      double mean = 0;
      double variance = 0;
      for (std::size_t v = 0; v < 600; ++v) mean += one.x[3 * v + j] / 600;
      for (std::size_t v = 0; v < 600; ++v) variance += std::pow(one.x[3 * v + j] - mean, 2) / 600;
      CHECK(one.mean[j] == doctest::Approx(mean).epsilon(1e-13));
      CHECK(one.variance[j] == doctest::Approx(variance).epsilon(1e-12));
      for (std::size_t v = 0; v < 600; ++v) {
        const double y =
            (one.x[3 * v + j] - mean) / std::sqrt(variance + 1e-5) * one.weight[j] + one.bias[j];
        const double below = act == Activation::none ? y : act == Activation::relu ? 0 : 0.01 * y;
        CHECK(out[3 * v + j] == doctest::Approx(y > 0 ? y : below).epsilon(1e-11));
      }
    }
  }
}

TEST_CASE("derivatives of a norm are those of differences") {
  Random random(2);
  for (const Activation act : kActs) {
    Rows<double> one(random, 300, 3, act);
    const auto found = one.backward(1);
    std::size_t place = 0;
    for (auto* values : {&one.x, &one.weight, &one.bias}) {
      const std::size_t i = values->size() / 2;
      const double before = (*values)[i];
      (*values)[i] = before + 1e-6;
      const double above = one.value();
      (*values)[i] = before - 1e-6;
      const double slope = (above - one.value()) / 2e-6;
      (*values)[i] = before;
      CHECK(found[place++][i] == doctest::Approx(slope).epsilon(1e-5));
    }
  }
}

/// Calls work on every target.
template <class Work>
void on_every_target(const Work& work) {
  const Target before = active_target();
  for (const Target target : available_targets()) {
    set_active_target(target);
    work();
  }
  set_active_target(before);
}

template <class T>
void check_threads(index_t width) {
  Random random(3);
  Rows<T> one(random, 1500, width, Activation::leaky);
  const auto moments = std::pair{one.mean, one.variance};
  const auto out = one.forward(1);
  const auto back = one.backward(1);
  for (const int threads : {2, 3, 7}) {
    one.measure(threads);
    CHECK(std::pair{one.mean, one.variance} == moments);
    CHECK(one.forward(threads) == out);
    CHECK(one.backward(threads) == back);
  }
}

TEST_CASE("norms give the same bytes for any number of threads, on every target") {
  on_every_target([] {
    check_threads<float>(64);
    check_threads<float>(17);
  });
  check_threads<double>(5);
}

TEST_CASE("norms in float equal those in double within rounding, on every target") {
  on_every_target([] {
    for (const index_t width : {16, 64, 17}) {
      Random random(4), again(4);
      const Rows<float> one(random, 700, width, Activation::leaky);
      const Rows<double> exact(again, 700, width, Activation::leaky);
      auto found = one.backward(2);
      auto want = exact.backward(2);
      found.push_back(one.forward(2));
      want.push_back(exact.forward(2));
      for (std::size_t i = 0; i < found.size(); ++i) {
        double scale = 0;
        for (const double x : want[i]) scale = std::max(scale, std::abs(x));
        for (std::size_t k = 0; k < found[i].size(); ++k) {
          REQUIRE(std::abs(found[i][k] - want[i][k]) < 2e-5 * scale);
        }
      }
    }
  });
}

TEST_CASE("blocks of rows far from 0 lose no digits") {
  Table<double> x;
  for (int v = 0; v < 1000; ++v) x.push_back(1e8 + v % 2);
  Table<double> mean(1), variance(1);
  column_moments<double>({x.data(), 1000, 1}, 1, {mean, variance});
  CHECK(mean[0] == 1e8 + 0.5);
  CHECK(variance[0] == doctest::Approx(0.25).epsilon(1e-9));
}

TEST_CASE("norms that do not fit are refused") {
  Random random(5);
  Rows<double> one(random, 9, 3, Activation::none);
  CHECK_THROWS_AS(one.forward(0), ValueError);
  one.act = Activation::elu;
  CHECK_THROWS_AS(one.forward(1), ValueError);
  one.act = Activation::none;
  one.weight.pop_back();
  CHECK_THROWS_AS(one.forward(1), ShapeError);
  CHECK_THROWS_AS(one.backward(1), ShapeError);
  one.weight.push_back(1);
  one.g.resize(6);
  Table<double> to(27), list(3);
  const MatrixView<double> whole{to.data(), 9, 3};
  CHECK_THROWS_AS(
      batch_norm_backward<double>(one.norm(), {one.g.data(), 2, 3}, 1, {whole, list, list}),
      ShapeError);
  CHECK_THROWS_AS(batch_norm<double>(one.norm(), 1, {to.data(), 3, 9}), ShapeError);
  CHECK_THROWS_AS(column_moments<double>({to.data(), 0, 3}, 1, {list, list}), ShapeError);
  CHECK_THROWS_AS(column_moments<double>({to.data(), 3, 9}, 1, {list, list}), ShapeError);
}

}  // namespace
}  // namespace gftcore::test
