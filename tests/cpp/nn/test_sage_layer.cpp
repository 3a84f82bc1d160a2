// SPDX-License-Identifier: Apache-2.0
#include "gftcore/nn/sage_layer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/graph/csr.hpp"
#include "networks.hpp"

namespace gftcore::test {
namespace {

template <class T>
using Table = std::vector<T>;

template <class T>
MatrixView<const T> view(const Table<T>& values, index_t cols) {
  return {values.data(), std::ssize(values) / cols, cols};
}

template <class T>
MatrixView<T> mutable_view(Table<T>& values, index_t cols) {
  return {values.data(), std::ssize(values) / cols, cols};
}

/// A relation with random edges, some of them parallel, and nodes that none reaches.
struct Edges {
  Edges(Random& random, index_t sources, index_t targets, index_t count)
      : rowptr(size(targets)), colptr(size(sources)) {
    std::vector<std::pair<index_t, index_t>> pairs;
    for (index_t e = 0; sources > 0 && targets > 0 && e < count; ++e) {
      pairs.emplace_back(below(random, sources), below(random, targets));
    }
    for (index_t v = 0; v < targets; ++v) {
      for (const auto& [s, t] : pairs) {
        if (t == v) col.push_back(static_cast<std::int32_t>(s));
      }
      rowptr[static_cast<std::size_t>(v) + 1] = static_cast<std::int32_t>(col.size());
    }
    for (index_t u = 0; u < sources; ++u) {
      for (const auto& [s, t] : pairs) {
        if (s == u) row.push_back(static_cast<std::int32_t>(t));
      }
      colptr[static_cast<std::size_t>(u) + 1] = static_cast<std::int32_t>(row.size());
    }
  }

  LayerEdges between(int source, int target) const {
    return {{source, target}, rowptr, col, colptr, row};
  }

  static std::size_t size(index_t nodes) { return static_cast<std::size_t>(nodes) + 1; }

  std::vector<std::int32_t> rowptr, col, colptr, row;
};

/// Two types, all relations between them: with 300 and 40 nodes some gather first, some after.
template <class T>
struct Case {
  static constexpr index_t kNodes[] = {300, 40};

  Case(Random& random, std::vector<index_t> depths, index_t w, Activation act)
      : depth(std::move(depths)), width(w) {
    for (std::size_t t = 0; t < 2; ++t) {
      h.push_back(drawn(random, kNodes[t] * depth[t]));
      self.push_back(drawn(random, depth[t] * width));
      bias.push_back(drawn(random, width));
      g.push_back(drawn(random, kNodes[t] * width));
    }
    for (int s = 0; s < 2; ++s) {
      for (int t = 0; t < 2; ++t) {
        nbr.push_back(drawn(random, depth[static_cast<std::size_t>(s)] * width));
        edges.emplace_back(random, kNodes[s], kNodes[t], 2 * kNodes[t]);
      }
    }
    layer.act = act;
    for (std::size_t t = 0; t < 2; ++t) {
      layer.h.push_back(view(h[t], depth[t]));
      layer.self.push_back(view(self[t], width));
    }
    for (std::size_t r = 0; r < 4; ++r) {
      layer.nbr.push_back(view(nbr[r], width));
      layer.edges.push_back(edges[r].between(static_cast<int>(r) / 2, static_cast<int>(r) % 2));
    }
  }

  static Table<T> drawn(Random& random, index_t size) {
    Table<T> out;
    for (index_t i = 0; i < size; ++i) out.push_back(static_cast<T>(0.3 * normal(random)));
    return out;
  }

  std::vector<Table<T>> forward(int threads) const {
    std::vector<Table<T>> out;
    for (const index_t nodes : kNodes) out.emplace_back(static_cast<std::size_t>(nodes * width));
    std::vector<MatrixView<T>> views;
    for (Table<T>& one : out) views.push_back(mutable_view(one, width));
    std::vector<std::span<const T>> biases(bias.begin(), bias.end());
    sage_layer(layer, biases, threads, views);
    return out;
  }

  /// Derivatives by h, S, M and c in this order.
  std::vector<Table<T>> backward(const std::vector<Table<T>>& out, int threads) const {
    std::vector<Table<T>> to;
    for (const auto* part : {&h, &self, &nbr, &bias})
      to.insert(to.end(), part->begin(), part->end());
    SageGradients<T> gradients;
    for (std::size_t t = 0; t < 2; ++t) {
      gradients.h.push_back(mutable_view(to[t], depth[t]));
      gradients.self.push_back(mutable_view(to[2 + t], width));
      gradients.bias.emplace_back(to[8 + t]);
    }
    for (std::size_t r = 0; r < 4; ++r) gradients.nbr.push_back(mutable_view(to[4 + r], width));
    std::vector<MatrixView<const T>> gs, outs;
    for (std::size_t t = 0; t < 2; ++t) {
      gs.push_back(view(g[t], width));
      outs.push_back(view(out[t], width));
    }
    sage_layer_backward(layer, gs, outs, threads, gradients);
    return to;
  }

  /// Sum of out times g.
  double value() const {
    const auto out = forward(1);
    double sum = 0;
    for (std::size_t t = 0; t < 2; ++t) {
      for (std::size_t i = 0; i < g[t].size(); ++i) sum += double{out[t][i]} * g[t][i];
    }
    return sum;
  }

  std::vector<index_t> depth;
  index_t width;
  std::vector<Table<T>> h, self, nbr, bias, g;
  std::vector<Edges> edges;
  SageLayer<T> layer;
};

constexpr Activation kActs[] = {
    Activation::none, Activation::relu, Activation::leaky, Activation::elu};

TEST_CASE("a layer is the sum written down") {
  Random random(1);
  const Case<double> one(random, {5, 4}, 3, Activation::relu);
  const auto out = one.forward(1);
  for (const std::size_t t : {0U, 1U}) {
    for (index_t v = 0; v < Case<double>::kNodes[t]; ++v) {
      for (index_t c = 0; c < one.width; ++c) {
        double z = one.bias[t][static_cast<std::size_t>(c)];
        for (index_t k = 0; k < one.depth[t]; ++k) {
          z += one.layer.h[t].data[v * one.depth[t] + k] * one.layer.self[t].data[k * 3 + c];
        }
        for (const std::size_t s : {0U, 1U}) {
          const Edges& edges = one.edges[2 * s + t];
          const auto first = edges.rowptr[static_cast<std::size_t>(v)];
          const auto last = edges.rowptr[static_cast<std::size_t>(v) + 1];
          for (auto e = first; e < last; ++e) {
            const index_t u = edges.col[static_cast<std::size_t>(e)];
            for (index_t k = 0; k < one.depth[s]; ++k) {
              z += one.layer.h[s].data[u * one.depth[s] + k] *
                   one.layer.nbr[2 * s + t].data[k * 3 + c] / (last - first);
            }
          }
        }
        CHECK(out[t][static_cast<std::size_t>(v * 3 + c)] ==
              doctest::Approx(z > 0 ? z : 0).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("derivatives are those of differences") {
  Random random(2);
  for (const Activation act : kActs) {
    Case<double> one(random, {5, 4}, 3, act);
    const auto found = one.backward(one.forward(1), 1);
    std::size_t place = 0;
    for (auto* part : {&one.h, &one.self, &one.nbr, &one.bias}) {
      for (Table<double>& values : *part) {
        const std::size_t i = values.size() / 2;
        const double before = values[i];
        values[i] = before + 1e-6;
        const double above = one.value();
        values[i] = before - 1e-6;
        const double slope = (above - one.value()) / 2e-6;
        values[i] = before;
        CHECK(found[place++][i] == doctest::Approx(slope).epsilon(1e-5));
      }
    }
  }
}

template <class T>
void check_threads(const std::vector<index_t>& depths, index_t width) {
  Random random(3);
  const Case<T> one(random, depths, width, Activation::elu);
  const auto out = one.forward(1);
  const auto back = one.backward(out, 1);
  for (const int threads : {2, 3, 7}) {
    CHECK(one.forward(threads) == out);
    CHECK(one.backward(out, threads) == back);
  }
}

TEST_CASE("any number of threads gives the same bytes, on every target") {
  const Target before = active_target();
  for (const Target target : available_targets()) {
    set_active_target(target);
    check_threads<float>({64, 64}, 64);
    check_threads<float>({5, 33}, 17);
  }
  set_active_target(before);
  check_threads<double>({5, 33}, 17);
}

TEST_CASE("float equals double within rounding, padded or not, on every target") {
  const Target before = active_target();
  for (const Target target : available_targets()) {
    set_active_target(target);
    for (const index_t width : {16, 64, 17}) {
      Random random(4), again(4);
      const Case<float> one(random, {width, width}, width, Activation::leaky);
      const Case<double> exact(again, {width, width}, width, Activation::leaky);
      const auto out = one.forward(2);
      const auto want = exact.forward(2);
      const auto back = one.backward(out, 2);
      const auto want_back = exact.backward(want, 2);
      const auto near = [](const auto& a, const auto& b) {
        for (std::size_t i = 0; i < a.size(); ++i) {
          double scale = 1e-3;
          for (const double x : b[i]) scale = std::max(scale, std::abs(x));
          for (std::size_t k = 0; k < a[i].size(); ++k) {
            REQUIRE(std::abs(a[i][k] - b[i][k]) < 2e-5 * scale);
          }
        }
      };
      near(out, want);
      near(back, want_back);
    }
  }
  set_active_target(before);
}

TEST_CASE("layers that do not fit are refused") {
  Random random(5);
  const auto refuses = [&](auto change) {
    Case<double> one(random, {5, 4}, 3, Activation::none);
    change(one);
    CHECK_THROWS_AS(one.forward(1), Error);
  };
  using One = Case<double>;
  refuses([](One& one) { one.layer.self[0].rows = 4; });
  refuses([](One& one) { one.layer.self[1].cols = 2; });
  refuses([](One& one) { one.layer.nbr[0].rows = 6; });
  refuses([](One& one) { one.layer.nbr.pop_back(); });
  refuses([](One& one) { one.bias[0].pop_back(); });
  refuses([](One& one) { one.layer.edges[0].ends.source = 2; });
  refuses([](One& one) { one.edges[0].col[0] = 300; });
  refuses([](One& one) { one.edges[0].row[0] = -1; });
  refuses([](One& one) { one.edges[0].rowptr[1] = 9999; });
  refuses([](One& one) { one.layer.edges[1].rowptr = one.layer.edges[0].rowptr; });
  const One one(random, {5, 4}, 3, Activation::none);
  CHECK_THROWS_AS(one.forward(0), ValueError);
  auto out = one.forward(1);
  out.pop_back();
  const std::vector<MatrixView<double>> short_of_one{mutable_view(out[0], 3)};
  const std::vector<std::span<const double>> biases(one.bias.begin(), one.bias.end());
  CHECK_THROWS_AS(sage_layer(one.layer, biases, 1, short_of_one), ShapeError);
}

}  // namespace
}  // namespace gftcore::test
