// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gftcore/nn/sage_layer.hpp"

namespace gftcore::naive {

/// Values of a matrix, and of each the sum of the absolute values it was made of.
struct Sums {
  std::vector<double> value, size;

  explicit Sums(index_t count)
      : value(static_cast<std::size_t>(count)), size(static_cast<std::size_t>(count)) {}

  void add(index_t place, double x) {
    value[static_cast<std::size_t>(place)] += x;
    size[static_cast<std::size_t>(place)] += std::abs(x);
  }
};

/// A layer with its edges as pairs. Matrices lie row behind row.
struct PlainLayer {
  using Edges = std::vector<std::pair<index_t, index_t>>;  // source, target

  std::vector<index_t> nodes, depth;  // of each type
  index_t width = 0;
  std::vector<std::vector<double>> h, self, bias;  // of each type
  std::vector<RelationEnds> ends;
  std::vector<Edges> edges;
  std::vector<std::vector<double>> nbr;  // of each relation
  Activation act = Activation::none;
};

inline double in_degree(const PlainLayer::Edges& edges, index_t node) {
  return static_cast<double>(
      std::ranges::count_if(edges, [node](const auto& e) { return e.second == node; }));
}

/// out[t] before the activation: one product after the other.
inline std::vector<Sums> layer_sums(const PlainLayer& layer) {
  std::vector<Sums> out;
  const index_t width = layer.width;
  const auto at = [](const std::vector<double>& values, index_t i) {
    return values[static_cast<std::size_t>(i)];
  };
  for (std::size_t t = 0; t < layer.h.size(); ++t) {
    Sums& to = out.emplace_back(layer.nodes[t] * width);
    for (index_t v = 0; v < layer.nodes[t]; ++v) {
      for (index_t c = 0; c < width; ++c) {
        to.add(v * width + c, at(layer.bias[t], c));
        for (index_t k = 0; k < layer.depth[t]; ++k) {
          to.add(v * width + c,
                 at(layer.h[t], v * layer.depth[t] + k) * at(layer.self[t], k * width + c));
        }
      }
    }
  }
  for (std::size_t r = 0; r < layer.edges.size(); ++r) {
    const auto s = static_cast<std::size_t>(layer.ends[r].source);
    Sums& to = out[static_cast<std::size_t>(layer.ends[r].target)];
    for (const auto& [u, v] : layer.edges[r]) {
      const double share = 1 / in_degree(layer.edges[r], v);
      for (index_t k = 0; k < layer.depth[s]; ++k) {
        const double x = share * at(layer.h[s], u * layer.depth[s] + k);
        for (index_t c = 0; c < width; ++c) {
          to.add(v * width + c, x * at(layer.nbr[r], k * width + c));
        }
      }
    }
  }
  return out;
}

/// What an activation multiplies derivatives by, at its result.
inline double slope(Activation act, double result) {
  if (result > 0 || act == Activation::none) return 1;
  if (act == Activation::relu) return 0;
  return act == Activation::leaky ? 0.01 : result + 1;
}

struct PlainGradients {
  std::vector<Sums> h, self, bias, nbr;
};

/// Derivatives of sum(g * act(z)), each product by itself. g and result are [nodes, width].
inline PlainGradients layer_gradients(const PlainLayer& layer,
                                      const std::vector<std::vector<double>>& g,
                                      const std::vector<std::vector<double>>& result) {
  PlainGradients to;
  const index_t width = layer.width;
  std::vector<std::vector<double>> sloped = g;
  const auto at = [](const std::vector<double>& values, index_t i) {
    return values[static_cast<std::size_t>(i)];
  };
  for (std::size_t t = 0; t < g.size(); ++t) {
    for (std::size_t i = 0; i < g[t].size(); ++i) sloped[t][i] *= slope(layer.act, result[t][i]);
    to.h.emplace_back(layer.nodes[t] * layer.depth[t]);
    to.self.emplace_back(layer.depth[t] * width);
    to.bias.emplace_back(width);
    for (index_t v = 0; v < layer.nodes[t]; ++v) {
      for (index_t c = 0; c < width; ++c) {
        const double y = at(sloped[t], v * width + c);
        to.bias[t].add(c, y);
        for (index_t k = 0; k < layer.depth[t]; ++k) {
          const index_t place = v * layer.depth[t] + k;
          to.self[t].add(k * width + c, at(layer.h[t], place) * y);
          to.h[t].add(place, y * at(layer.self[t], k * width + c));
        }
      }
    }
  }
  for (std::size_t r = 0; r < layer.edges.size(); ++r) {
    const auto s = static_cast<std::size_t>(layer.ends[r].source);
    const auto t = static_cast<std::size_t>(layer.ends[r].target);
    Sums& nbr = to.nbr.emplace_back(layer.depth[s] * width);
    for (const auto& [u, v] : layer.edges[r]) {
      const double share = 1 / in_degree(layer.edges[r], v);
      for (index_t c = 0; c < width; ++c) {
        const double y = share * at(sloped[t], v * width + c);
        for (index_t k = 0; k < layer.depth[s]; ++k) {
          const index_t place = u * layer.depth[s] + k;
          nbr.add(k * width + c, at(layer.h[s], place) * y);
          to.h[s].add(place, y * at(layer.nbr[r], k * width + c));
        }
      }
    }
  }
  return to;
}

}  // namespace gftcore::naive
