// SPDX-License-Identifier: Apache-2.0
// Graph layers forwards and backwards, in both precisions, in several threads.
#include "gftcore/nn/sage_layer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../naive/network.hpp"
#include "../naive/sage_layer.hpp"
#include "check.hpp"
#include "gftcore/common/aligned_vector.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/graph/csr.hpp"
#include "networks.hpp"
#include "plant.hpp"
#include "target.hpp"
#include "target_guard.hpp"

namespace gftcore::fuzz {
namespace {

using naive::PlainLayer;
using naive::Sums;

/// A matrix at a cache line, or a few elements behind it.
template <class T>
struct Table {
  AlignedVector<T> memory;
  index_t shift = 0;
  index_t rows = 0;
  index_t cols = 0;

  Table(index_t r, index_t c, index_t s) : shift(s), rows(r), cols(c) {
    // Other than any answer, so that it shows what is not written.
    memory.assign(static_cast<std::size_t>(r * c + s), T{1234567});
  }
  Table(const std::vector<double>& from, index_t r, index_t c, index_t s) : Table(r, c, s) {
    std::ranges::copy(from, memory.begin() + s);
  }

  MatrixView<const T> view() const { return {memory.data() + shift, rows, cols}; }
  MatrixView<T> view() { return {memory.data() + shift, rows, cols}; }
  std::span<T> list() { return {memory.data() + shift, static_cast<std::size_t>(rows * cols)}; }
  std::span<const T> list() const {
    return {memory.data() + shift, static_cast<std::size_t>(rows * cols)};
  }
  std::vector<T> values() const { return {memory.begin() + shift, memory.end()}; }
};

template <class T>
using Tables = std::vector<Table<T>>;

struct EdgeArrays {
  std::vector<std::int32_t> rowptr, col, colptr, row;

  EdgeArrays(const PlainLayer::Edges& edges, index_t sources, index_t targets) {
    std::vector<index_t> src;
    std::vector<index_t> dst;
    for (const auto& [s, t] : edges) {
      src.push_back(s);
      dst.push_back(t);
    }
    const Csr csr = csr_from_edges(src, dst, sources, targets);
    const auto small = [](const std::vector<index_t>& from, std::vector<std::int32_t>& to) {
      for (const index_t x : from) to.push_back(static_cast<std::int32_t>(x));
    };
    small(csr.rowptr, rowptr);
    small(csr.col, col);
    small(csr.colptr, colptr);
    small(csr.row, row);
  }
};

/// A layer, the derivatives by its result, and a result that tells the slopes.
struct Setup {
  PlainLayer layer;
  std::vector<std::vector<double>> g, result;
  index_t shift = 0;
};

Setup read_setup(Bytes& bytes) {
  Setup out;
  PlainLayer& layer = out.layer;
  const int kind = bytes.byte();
  const int types = 1 + kind % 3;
  layer.act = static_cast<Activation>(kind / 4 % 4);
  out.shift = kind / 16 % 4 == 3 ? 1 + kind / 64 : 0;
  Random random(bytes.two_bytes());
  const int width = bytes.byte();
  layer.width = width >= 224 ? 16 * (1 + width % 3) : 1 + width % 36;
  const auto drawn = [&random](index_t count) {
    std::vector<double> values;
    for (index_t i = 0; i < count; ++i) values.push_back(random.chance(8) ? 0 : unit(random));
    return values;
  };
  const index_t most = layer.width <= 8 ? 300 : 100;
  for (int t = 0; t < types; ++t) {
    const index_t nodes = bytes.byte();
    layer.nodes.push_back(nodes >= 224 ? nodes * 7 % (most + 1) : nodes % 12);
    const index_t depth = bytes.byte();
    layer.depth.push_back(depth >= 224 ? layer.width : 1 + depth % (layer.width > 8 ? 36 : 9));
    layer.h.push_back(drawn(layer.nodes.back() * layer.depth.back()));
    layer.self.push_back(drawn(layer.depth.back() * layer.width));
    layer.bias.push_back(drawn(layer.width));
    out.g.push_back(drawn(layer.nodes.back() * layer.width));
    out.result.push_back(drawn(layer.nodes.back() * layer.width));
  }
  const int relations = bytes.byte() % 6;
  for (int r = 0; r < relations; ++r) {
    const int ends = bytes.byte();
    const int s = ends % types;
    const int t = ends / 3 % types;
    layer.ends.push_back({s, t});
    layer.nbr.push_back(drawn(layer.depth[static_cast<std::size_t>(s)] * layer.width));
    const index_t sources = layer.nodes[static_cast<std::size_t>(s)];
    const index_t targets = layer.nodes[static_cast<std::size_t>(t)];
    PlainLayer::Edges& edges = layer.edges.emplace_back();
    const index_t count = sources == 0 || targets == 0 ? 0 : random.below(2 * targets + 1);
    for (index_t e = 0; e < count; ++e) {
      const index_t source = random.below(sources);
      edges.emplace_back(source, random.below(targets));
    }
  }
  return out;
}

/// The arrays of a layer in one precision.
template <class T>
struct Case {
  explicit Case(const Setup& setup) : plain(setup.layer), shift(setup.shift) {
    const PlainLayer& from = setup.layer;
    layer.act = from.act;
    for (std::size_t t = 0; t < from.h.size(); ++t) {
      h.emplace_back(from.h[t], from.nodes[t], from.depth[t], shift);
      self.emplace_back(from.self[t], from.depth[t], from.width, shift);
      bias.emplace_back(from.bias[t], 1, from.width, shift);
      g.emplace_back(setup.g[t], from.nodes[t], from.width, shift);
      result.emplace_back(setup.result[t], from.nodes[t], from.width, shift);
    }
    for (std::size_t r = 0; r < from.edges.size(); ++r) {
      const auto s = static_cast<std::size_t>(from.ends[r].source);
      const auto t = static_cast<std::size_t>(from.ends[r].target);
      nbr.emplace_back(from.nbr[r], from.depth[s], from.width, shift);
      edges.emplace_back(from.edges[r], from.nodes[s], from.nodes[t]);
    }
    for (const Table<T>& one : h) layer.h.push_back(one.view());
    for (const Table<T>& one : self) layer.self.push_back(one.view());
    for (const Table<T>& one : nbr) layer.nbr.push_back(one.view());
    for (std::size_t r = 0; r < edges.size(); ++r) {
      const EdgeArrays& e = edges[r];
      layer.edges.push_back({from.ends[r], e.rowptr, e.col, e.colptr, e.row});
    }
  }

  Tables<T> forward(int threads) const {
    Tables<T> out;
    for (const index_t nodes : plain.nodes) out.emplace_back(nodes, plain.width, shift);
    std::vector<std::span<const T>> biases;
    for (const Table<T>& one : bias) biases.push_back(one.list());
    std::vector<MatrixView<T>> views;
    for (Table<T>& one : out) views.push_back(one.view());
    sage_layer(layer, biases, threads, views);
    return out;
  }

  /// Derivatives by h, S, c and M in this order.
  std::array<Tables<T>, 4> backward(int threads) const {
    std::array<Tables<T>, 4> out;
    SageGradients<T> to;
    for (std::size_t t = 0; t < h.size(); ++t) {
      out[0].emplace_back(h[t].rows, h[t].cols, shift);
      out[1].emplace_back(self[t].rows, self[t].cols, shift);
      out[2].emplace_back(1, plain.width, shift);
    }
    for (const Table<T>& one : nbr) out[3].emplace_back(one.rows, one.cols, shift);
    for (Table<T>& one : out[0]) to.h.push_back(one.view());
    for (Table<T>& one : out[1]) to.self.push_back(one.view());
    for (Table<T>& one : out[2]) to.bias.push_back(one.list());
    for (Table<T>& one : out[3]) to.nbr.push_back(one.view());
    std::vector<MatrixView<const T>> gs;
    std::vector<MatrixView<const T>> results;
    for (const Table<T>& one : g) gs.push_back(one.view());
    for (const Table<T>& one : result) results.push_back(one.view());
    sage_layer_backward(layer, gs, results, threads, to);
    return out;
  }

  const PlainLayer& plain;
  index_t shift;
  Tables<T> h, self, bias, g, result, nbr;
  std::vector<EdgeArrays> edges;
  SageLayer<T> layer;
};

template <class T>
void near(const std::vector<T>& got, const Sums& want, Activation act, const char* what) {
  // Ten times the largest that thousands of inputs show.
  const double tolerance = 100 * static_cast<double>(std::numeric_limits<T>::epsilon());
  same(got.size(), want.value.size(), what);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double value = naive::activated(want.value[i], act);
    if (std::abs(static_cast<double>(got[i]) - value) <= tolerance * want.size[i]) continue;
    std::ostringstream how;
    how.precision(17);
    how << "entry " << i << " of " << got.size() << ": got " << got[i] << ", want " << value;
    differ(what, how.str());
  }
}

constexpr std::array kParts{
    "derivative by h", "derivative by S", "derivative by c", "derivative by M"};

template <class T>
void check_precision(const Setup& setup,
                     const std::vector<Sums>& want,
                     const std::array<std::vector<Sums>, 4>& want_back,
                     int threads,
                     Target target) {
  const Case<T> one(setup);
  const std::string precision = sizeof(T) == sizeof(float) ? "float " : "double ";
  const Tables<T> out = one.forward(1);
  const auto back = one.backward(1);
  if (threads > 1) {
    const Tables<T> again = one.forward(threads);
    const auto back_again = one.backward(threads);
    for (std::size_t t = 0; t < out.size(); ++t) {
      std::vector<T> values = again[t].values();
      plant(precision + "in threads", target, values);
      same_bytes(values, out[t].values(), "in several threads");
    }
    for (std::size_t p = 0; p < back.size(); ++p) {
      for (std::size_t i = 0; i < back[p].size(); ++i) {
        std::vector<T> values = back_again[p][i].values();
        plant(precision + kParts[p] + " in threads", target, values);
        same_bytes(values, back[p][i].values(), "derivatives in several threads");
      }
    }
  }
  for (std::size_t t = 0; t < out.size(); ++t) {
    std::vector<T> values(out[t].list().begin(), out[t].list().end());
    plant(precision + "out", target, values);
    near(values, want[t], setup.layer.act, "out");
  }
  for (std::size_t p = 0; p < back.size(); ++p) {
    for (std::size_t i = 0; i < back[p].size(); ++i) {
      std::vector<T> values(back[p][i].list().begin(), back[p][i].list().end());
      plant(precision + kParts[p], target, values);
      near(values, want_back[p][i], Activation::none, kParts[p]);
    }
  }
}

/// One thing that does not fit: forwards and backwards must say so.
void check_refused(const Setup& setup, int how, index_t any) {
  Case<float> one(setup);
  const std::array kFar{-1,
                        std::numeric_limits<std::int32_t>::min(),
                        1 << 20,
                        std::numeric_limits<std::int32_t>::max()};
  const auto one_of = [any](auto& list) -> auto& {
    return list[static_cast<std::size_t>(any) % list.size()];
  };
  const std::int32_t far = kFar[static_cast<std::size_t>(any) / 256 % 4];
  int threads = 1;
  SageLayer<float>& layer = one.layer;
  if (how == 0) threads = far < 0 ? far : 0;
  if (how == 1) one_of(layer.self).rows += 1;
  if (how == 2) one_of(layer.self).cols += 1;
  if (how == 3) layer.self.pop_back();
  if (how >= 4) {
    if (one.edges.empty()) return;
    EdgeArrays& edges = one_of(one.edges);
    if (how == 4) one_of(layer.nbr).rows += 1;
    if (how == 5) layer.nbr.pop_back();
    if (how == 6) one_of(layer.edges).ends.source = far;
    if (how == 7) one_of(layer.edges).ends.target = far;
    if (how == 8) one_of(edges.rowptr) = far;
    if (how == 9) one_of(edges.colptr) = far;
    if (how >= 10 && edges.col.empty()) return;
    if (how == 10) one_of(edges.col) = far;
    if (how == 11) one_of(edges.row) = far;
    if (how == 12) one_of(layer.edges).rowptr = {};
    if (how == 13) one_of(layer.edges).row = {};
    if (how == 13 && one_of(layer.edges).col.empty()) return;
  }
  const auto refused = [](const auto& call) {
    bool thrown = false;
    try {
      call();
    } catch (const Error&) {
      thrown = true;
    }
    plant("refused", thrown);
    expect(thrown, "a layer that does not fit is refused");
  };
  refused([&] { one.forward(threads); });
  refused([&] { one.backward(threads); });
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  Bytes bytes(data);
  const int kind = bytes.byte();
  const Setup setup = read_setup(bytes);
  if (kind % 8 == 1) check_refused(setup, kind / 8 % 14, bytes.two_bytes());
  const std::vector<Sums> out = naive::layer_sums(setup.layer);
  auto [h, self, bias, nbr] = naive::layer_gradients(setup.layer, setup.g, setup.result);
  const std::array back{std::move(h), std::move(self), std::move(bias), std::move(nbr)};
  const int threads = kind % 8 == 2 ? 2 + kind / 64 : 1;
  check_precision<double>(setup, out, back, threads, Target::scalar);
  const TargetGuard guard;
  for (const Target target : available_targets()) {
    set_active_target(target);
    check_precision<float>(setup, out, back, threads, target);
  }
}

}  // namespace gftcore::fuzz
