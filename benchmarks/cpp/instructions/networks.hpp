// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drawing.hpp"
#include "gftcore/graph/batch.hpp"
#include "gftcore/graph/csr.hpp"
#include "gftcore/nn/network.hpp"
#include "gftcore/nn/sage_layer.hpp"

namespace gftcore::instructions {

inline constexpr index_t kWidth = 64;
inline constexpr std::array<index_t, 3> kNodes = {700, 150, 1};  // of each type in a graph
inline constexpr std::array<index_t, 3> kFeatures = {18, 17, 17};

inline double unit(Random& random) { return static_cast<double>(random.below(2001) - 1000) / 1000; }

/// Edges of a relation in one graph, two for each target, four within a type.
inline Csr random_edges(Random& random, std::size_t source, std::size_t target) {
  std::vector<index_t> src;
  std::vector<index_t> dst;
  for (index_t e = 0; e < kNodes.at(target) * (source == target ? 4 : 2); ++e) {
    src.push_back(random.below(kNodes.at(source)));
    dst.push_back(random.below(kNodes.at(target)));
  }
  return csr_from_edges(src, dst, kNodes.at(source), kNodes.at(target));
}

/// Two blocks before and behind three layers, all nine relations.
inline Network random_network(Random& random, Activation act, bool linear_ends) {
  Network network;
  network.hidden = kWidth;
  network.classes = 3;
  network.act = act;
  network.linear_ends = linear_ends;
  std::map<std::string, std::vector<double>> weights;
  const auto draw = [&](const std::string& name, index_t size, double scale) {
    for (index_t i = 0; i < size; ++i) weights[name].push_back(scale * unit(random));
  };
  const auto linear = [&](const std::string& name, index_t in, index_t out) {
    draw(name + ".weight", in * out, 0.2);
    draw(name + ".bias", out, 0.2);
  };
  for (std::size_t t = 0; t < kNodes.size(); ++t) {
    const std::string type = std::to_string(t);
    network.types.push_back({type, kFeatures.at(t), {Pool::sum, Pool::max}, false, {}, {}});
    linear("pre." + type + ".0", kFeatures.at(t), kWidth);
    linear("pre." + type + ".1", kWidth, kWidth);
    for (int k = 0; k < 2; ++k) linear("post." + type + "." + std::to_string(k), kWidth, kWidth);
    for (std::size_t s = 0; s < kNodes.size(); ++s) {
      network.relations.push_back({static_cast<int>(s), static_cast<int>(t)});
      for (int l = 0; l < 3; ++l) {
        const std::string name =
            "conv." + std::to_string(l) + "." + std::to_string(s) + "__" + type;
        draw(name + ".root.weight", kWidth * kWidth, 0.1);
        draw(name + ".nbr.weight", kWidth * kWidth, 0.1);
        draw(name + ".bias", kWidth, 0.2);
      }
    }
  }
  linear("head.0", 6 * kWidth, kWidth);
  linear("head.1", kWidth, network.classes);
  NamedWeights views;
  for (const auto& [name, values] : weights) views.emplace(name, values);
  set_weights(network, {2, 3, 2, 2}, views);
  return network;
}

/// One graph with memory of its own.
class RandomGraph {
 public:
  RandomGraph(Random& random, const Network& network) {
    for (std::size_t t = 0; t < kNodes.size(); ++t) {
      auto& x = x_.emplace_back();
      for (index_t i = 0; i < kNodes.at(t) * kFeatures.at(t); ++i) {
        x.push_back(static_cast<float>(unit(random)));
      }
      node_ptr_.push_back({0, kNodes.at(t)});
    }
    for (const RelationEnds& ends : network.relations) {
      edges_.push_back(random_edges(
          random, static_cast<std::size_t>(ends.source), static_cast<std::size_t>(ends.target)));
    }
  }

  BatchView<float> view() const {
    BatchView<float> out;
    out.graphs = 1;
    for (std::size_t t = 0; t < x_.size(); ++t) out.types.push_back({x_[t], node_ptr_[t]});
    for (const Csr& csr : edges_) out.relations.push_back({csr.rowptr, csr.col});
    return out;
  }

 private:
  std::vector<std::vector<float>> x_;
  std::vector<std::vector<index_t>> node_ptr_;
  std::vector<Csr> edges_;
};

/// A layer and its derivatives, with memory of its own.
class RandomLayer {
 public:
  explicit RandomLayer(Random& random) {
    const auto matrix = [&](index_t rows, index_t cols) {
      std::vector<float>& values = memory_.emplace_back();
      for (index_t i = 0; i < rows * cols; ++i) values.push_back(static_cast<float>(unit(random)));
      return MatrixView<float>{values.data(), rows, cols};
    };
    const auto read = [&](index_t rows, index_t cols) {
      const MatrixView<float> view = matrix(rows, cols);
      return MatrixView<const float>{view.data, rows, cols};
    };
    layer.act = Activation::leaky;
    for (std::size_t t = 0; t < kNodes.size(); ++t) {
      const index_t nodes = kNodes.at(t);
      layer.h.push_back(read(nodes, kWidth));
      layer.self.push_back(read(kWidth, kWidth));
      const MatrixView<const float> row = read(1, kWidth);
      bias.emplace_back(row.data, static_cast<std::size_t>(kWidth));
      g.push_back(read(nodes, kWidth));
      result.push_back(read(nodes, kWidth));
      out.push_back(matrix(nodes, kWidth));
      gradients.h.push_back(matrix(nodes, kWidth));
      gradients.self.push_back(matrix(kWidth, kWidth));
      gradients.bias.emplace_back(matrix(1, kWidth).data, static_cast<std::size_t>(kWidth));
      for (std::size_t s = 0; s < kNodes.size(); ++s) {
        layer.nbr.push_back(read(kWidth, kWidth));
        gradients.nbr.push_back(matrix(kWidth, kWidth));
        add_edges(random_edges(random, s, t), {static_cast<int>(s), static_cast<int>(t)});
      }
    }
  }

  SageLayer<float> layer;
  std::vector<std::span<const float>> bias;
  std::vector<MatrixView<const float>> g, result;
  std::vector<MatrixView<float>> out;
  SageGradients<float> gradients;

 private:
  void add_edges(const Csr& csr, RelationEnds ends) {
    const auto small = [this](const std::vector<index_t>& from) -> std::span<const std::int32_t> {
      std::vector<std::int32_t>& to = lists_.emplace_back();
      for (const index_t x : from) to.push_back(static_cast<std::int32_t>(x));
      return to;
    };
    const auto rowptr = small(csr.rowptr);
    const auto col = small(csr.col);
    const auto colptr = small(csr.colptr);
    layer.edges.push_back({ends, rowptr, col, colptr, small(csr.row)});
  }

  // Views point into the inner vectors, which keep their place when the outer ones grow.
  std::vector<std::vector<float>> memory_;
  std::vector<std::vector<std::int32_t>> lists_;
};

}  // namespace gftcore::instructions
