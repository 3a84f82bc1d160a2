// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gftcore/nn/network.hpp"

namespace gftcore::naive {

/// A number, and the size of those it was made of, by which rounding is judged. Sums of products
/// add sizes as independent errors add up.
struct Number {
  double value = 0;
  double size = 0;
};

using Row = std::vector<Number>;
using Edges = std::vector<std::pair<index_t, index_t>>;  // source, target
using WeightTable = std::map<std::string, std::vector<double>>;

/// One graph: rows of features of each type, edges of each relation.
struct SmallGraph {
  std::vector<std::vector<std::vector<double>>> x;
  std::vector<Edges> edges;
};

inline double activated(double z, Activation act) {
  switch (act) {
    case Activation::none:
      return z;
    case Activation::relu:
      return z > 0 ? z : 0;
    case Activation::leaky:
      return z > 0 ? z : 0.01 * z;
    case Activation::elu:
      return z > 0 ? z : std::expm1(z);
  }
  return z;
}

inline void apply(Activation act, Row& row) {
  for (Number& x : row) x.value = activated(x.value, act);
}

/// y += factor x
inline void add(Row& y, const Row& x, double factor = 1) {
  if (y.size() < x.size()) y.resize(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i].value += factor * x[i].value;
    y[i].size += std::abs(factor) * x[i].size;
  }
}

/// A network as its definition reads: one node after the other, weights by their names.
class NaiveNetwork {
 public:
  NaiveNetwork(const Network& network, const NetworkDepths& depths, const WeightTable& weights)
      : network_(network), depths_(depths), weights_(weights) {}

  /// What the head reads, and the logits.
  void run(const SmallGraph& graph, Row& pooled, Row& logits) const {
    std::vector<std::vector<Row>> h = entered(graph);
    for (int l = 0; l < depths_.layers; ++l) h = layer(graph, h, l);
    pooled.clear();
    for (std::size_t t = 0; t < h.size(); ++t) {
      for (Row& row : h[t]) row = blocks("post", t, depths_.post, std::move(row), true);
      for (const Pool pool : network_.types[t].pools) {
        const Row one = joined(pool, h[t]);
        pooled.insert(pooled.end(), one.begin(), one.end());
      }
    }
    logits = pooled;
    for (int k = 0; k < depths_.head; ++k) {
      if (k > 0) apply(network_.act, logits);
      logits = linear("head." + std::to_string(k), logits);
    }
  }

 private:
  const std::vector<double>& weight(const std::string& name) const { return weights_.at(name); }

  /// Without the bias; matrices of a file are [out, in].
  Row times(const std::string& name, const Row& x, std::size_t out) const {
    const std::vector<double>& matrix = weight(name + ".weight");
    Row y(out);
    for (std::size_t o = 0; o < out; ++o) {
      double squares = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double w = matrix[o * x.size() + i];
        y[o].value += w * x[i].value;
        squares += w * x[i].size * w * x[i].size;
      }
      y[o].size = std::sqrt(squares);
    }
    return y;
  }

  void add_bias(const std::string& name, Row& y) const {
    const std::vector<double>& bias = weight(name + ".bias");
    for (std::size_t o = 0; o < y.size(); ++o) {
      y[o].value += bias[o];
      y[o].size += std::abs(bias[o]);
    }
  }

  Row linear(const std::string& name, const Row& x) const {
    Row y = times(name, x, weight(name + ".bias").size());
    add_bias(name, y);
    return y;
  }

  Row normed(const std::string& name, Row x) const {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double mean = weight(name + ".norm.running_mean")[i];
      const double var = weight(name + ".norm.running_var")[i];
      const double gain = weight(name + ".norm.weight")[i] / std::sqrt(var + 1e-5);
      const double shift = weight(name + ".norm.bias")[i];
      x[i].value = (x[i].value - mean) * gain + shift;
      x[i].size = (x[i].size + std::abs(mean)) * std::abs(gain) + std::abs(shift);
    }
    return x;
  }

  /// `behind`: the last block has no activation; else it has one unless the ends are linear.
  Row blocks(const std::string& stage, std::size_t type, int count, Row x, bool behind) const {
    const NodeType& of = network_.types[type];
    for (int k = 0; k < count; ++k) {
      const std::string name = stage + "." + of.name + "." + std::to_string(k);
      x = linear(name, x);
      if (of.batch_norm) x = normed(name, std::move(x));
      const bool last = k + 1 == count;
      if (!last || (!behind && !network_.linear_ends)) apply(network_.act, x);
    }
    return x;
  }

  std::vector<std::vector<Row>> entered(const SmallGraph& graph) const {
    std::vector<std::vector<Row>> h(graph.x.size());
    for (std::size_t t = 0; t < h.size(); ++t) {
      for (const std::vector<double>& features : graph.x[t]) {
        Row row;
        for (const double x : features) row.push_back({x, std::abs(x)});
        h[t].push_back(blocks("pre", t, depths_.pre, std::move(row), false));
      }
    }
    return h;
  }

  /// What edges bring to a node: the mean of their sources, or the sum with a GCN's weights.
  Row message(const Edges& edges, index_t node, const std::vector<Row>& sources) const {
    Row sum;
    double count = 0;
    if (network_.convolution == Convolution::gcn) {
      const auto degree = [&](index_t v) {
        double d = 1;
        for (const auto& [s, t] : edges) d += t == v && s != t ? 1 : 0;
        return d;
      };
      const double own = degree(node);
      add(sum, sources[static_cast<std::size_t>(node)], 1 / own);
      for (const auto& [s, t] : edges) {
        if (t != node || s == t) continue;
        add(sum, sources[static_cast<std::size_t>(s)], 1 / std::sqrt(own * degree(s)));
      }
      return sum;
    }
    for (const auto& [s, t] : edges) {
      if (t != node) continue;
      add(sum, sources[static_cast<std::size_t>(s)]);
      ++count;
    }
    for (Number& x : sum) x = {x.value / count, x.size / count};
    return sum;
  }

  std::vector<std::vector<Row>> layer(const SmallGraph& graph,
                                      const std::vector<std::vector<Row>>& h,
                                      int l) const {
    const auto width = static_cast<std::size_t>(network_.hidden);
    const std::string prefix = "conv." + std::to_string(l) + ".";
    std::vector<std::vector<Row>> out(h.size());
    for (std::size_t t = 0; t < h.size(); ++t) {
      for (std::size_t v = 0; v < h[t].size(); ++v) {
        std::vector<Row> parts;
        for (std::size_t r = 0; r < network_.relations.size(); ++r) {
          const RelationEnds ends = network_.relations[r];
          if (ends.target != static_cast<int>(t)) continue;
          const auto s = static_cast<std::size_t>(ends.source);
          const std::string name = prefix + network_.types[s].name + "__" + network_.types[t].name;
          const Row from = message(graph.edges[r], static_cast<index_t>(v), h[s]);
          Row part(width);
          if (!from.empty()) part = times(name + ".nbr", from, width);
          add_bias(name, part);
          if (network_.convolution == Convolution::sage) {
            add(part, times(name + ".root", h[t][v], width));
          }
          parts.push_back(std::move(part));
        }
        Row z(width);
        if (l > 0 || depths_.pre > 0) z = h[t][v];
        if (network_.aggregation == Aggregation::cat && !parts.empty()) {
          Row all;
          for (const Row& part : parts) all.insert(all.end(), part.begin(), part.end());
          add(z, linear(prefix + "cat." + network_.types[t].name, all));
        } else {
          const bool mean = network_.aggregation == Aggregation::mean;
          const double share = mean ? 1 / static_cast<double>(parts.size()) : 1;
          for (const Row& part : parts) add(z, part, share);
        }
        const bool last = l + 1 == depths_.layers;
        if (!last || !network_.linear_ends) apply(network_.act, z);
        out[t].push_back(std::move(z));
      }
    }
    return out;
  }

  Row joined(Pool pool, const std::vector<Row>& rows) const {
    Row out(static_cast<std::size_t>(network_.hidden));
    for (const Row& row : rows) {
      for (std::size_t c = 0; c < out.size(); ++c) {
        if (pool != Pool::max) continue;
        out[c].value = &row == rows.data() ? row[c].value : std::max(out[c].value, row[c].value);
        out[c].size = std::max(out[c].size, row[c].size);
      }
      if (pool != Pool::max) add(out, row);
    }
    if (pool == Pool::mean && !rows.empty()) {
      Row mean;
      add(mean, out, 1 / static_cast<double>(rows.size()));
      return mean;
    }
    return out;
  }

  const Network& network_;
  const NetworkDepths& depths_;
  const WeightTable& weights_;
};

}  // namespace gftcore::naive
