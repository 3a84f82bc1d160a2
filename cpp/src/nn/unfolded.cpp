// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <utility>

#include "gftcore/nn/program.hpp"

namespace gftcore {
namespace {

AlignedVector<double> copied(const std::vector<double>& from) { return {from.begin(), from.end()}; }

Dense<double> dense(const Linear& from, Activation act) {
  Dense<double> out;
  out.depth = from.in;
  out.width = from.out;
  out.weight = copied(from.weight);
  out.bias = copied(from.bias);
  out.act = act;
  return out;
}

Dense<double> dense(const Block& from, Activation act) {
  Dense<double> out = dense(from.linear, act);
  if (from.norm.mean.empty()) return out;
  out.mean = copied(from.norm.mean);
  out.shift = copied(from.norm.bias);
  for (std::size_t i = 0; i < from.norm.mean.size(); ++i) {
    out.scale.push_back(from.norm.weight[i] / std::sqrt(from.norm.var[i] + kNormEps));
  }
  return out;
}

TypeLayer<double> type_layer(const Network& network, std::size_t layer, std::size_t type) {
  const GraphLayer& from = network.layers[layer];
  const std::vector<std::size_t> relations = network.relations_into(static_cast<int>(type));
  const auto width = static_cast<std::size_t>(network.hidden);
  TypeLayer<double> out;
  out.skip = layer > 0 || !network.types[type].pre.empty();
  if (network.aggregation == Aggregation::mean && !relations.empty()) {
    out.share = 1.0 / static_cast<double>(relations.size());
  }
  const Linear& cat = from.cat[type];
  out.bias = cat.bias.empty() ? AlignedVector<double>(width) : copied(cat.bias);
  for (std::size_t i = 0; i < relations.size(); ++i) {
    const RelationWeights& one = from.relations[relations[i]];
    RelationTerm<double> term;
    term.relation = static_cast<int>(relations[i]);
    term.nbr = copied(one.nbr.weight);
    term.root = copied(one.root.weight);
    term.bias = copied(one.nbr.bias);
    if (!cat.weight.empty()) {
      const double* first = cat.weight.data() + i * width * width;
      term.mix.assign(first, first + width * width);
    }
    out.terms.push_back(std::move(term));
  }
  return out;
}

}  // namespace

Program<double> unfolded(const Network& network) {
  Program<double> out;
  out.hidden = network.hidden;
  out.width = network.hidden;
  out.classes = network.classes;
  out.convolution = network.convolution;
  out.relations = network.relations;
  for (const NodeType& from : network.types) {
    TypeProgram<double> type;
    type.features = from.features;
    type.depth = from.pre.empty() ? from.features : out.width;
    type.pools = from.pools;
    for (std::size_t k = 0; k < from.pre.size(); ++k) {
      const bool linear = network.linear_ends && k + 1 == from.pre.size();
      type.pre.push_back(dense(from.pre[k], linear ? Activation::none : network.act));
    }
    for (std::size_t k = 0; k < from.post.size(); ++k) {
      const bool last = k + 1 == from.post.size();
      type.post.push_back(dense(from.post[k], last ? Activation::none : network.act));
    }
    out.types.push_back(std::move(type));
  }
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    LayerProgram<double> layer;
    const bool linear = network.linear_ends && l + 1 == network.layers.size();
    layer.act = linear ? Activation::none : network.act;
    for (std::size_t t = 0; t < network.types.size(); ++t) {
      layer.types.push_back(type_layer(network, l, t));
    }
    out.layers.push_back(std::move(layer));
  }
  for (std::size_t k = 0; k < network.head.size(); ++k) {
    const bool last = k + 1 == network.head.size();
    out.head.push_back(dense(network.head[k], last ? Activation::none : network.act));
  }
  return out;
}

}  // namespace gftcore
