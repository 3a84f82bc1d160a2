// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>

#include "gftcore/nn/program.hpp"
#include "nn/matrices.hpp"

namespace gftcore {
namespace {

using nn::Matrix;

/// x W + b in double precision; b is one row.
struct Affine {
  Matrix weight;
  Matrix bias;
};

struct FoldedType {
  Matrix self;  // S_t
  Matrix bias;  // c_t, one row
  std::vector<std::size_t> relations;
  std::vector<Matrix> nbr;            // M_r
  std::vector<Matrix> where_reached;  // d_r, one row; none if nothing is folded through r
};

struct FoldedLayer {
  std::vector<FoldedType> types;
  Activation act = Activation::none;
};

Affine without_norm(const Block& block) {
  Affine out{nn::weight_of(block.linear), nn::row_of(block.linear.bias)};
  const BatchNorm& norm = block.norm;
  for (index_t j = 0; j < std::ssize(norm.mean); ++j) {
    const auto at = static_cast<std::size_t>(j);
    const double scale = norm.weight[at] / std::sqrt(norm.var[at] + kNormEps);
    for (index_t i = 0; i < out.weight.rows; ++i) out.weight.row(i)[j] *= scale;
    out.bias.row(0)[j] = (out.bias.row(0)[j] - norm.mean[at]) * scale + norm.bias[at];
  }
  return out;
}

std::vector<Affine> without_norms(const std::vector<Block>& blocks) {
  std::vector<Affine> out;
  out.reserve(blocks.size());
  for (const Block& block : blocks) out.push_back(without_norm(block));
  return out;
}

/// Relations of one type as one set of matrices, whichever way they are joined.
FoldedType joined(const Network& network, std::size_t layer, std::size_t type) {
  const GraphLayer& from = network.layers[layer];
  FoldedType out;
  out.relations = network.relations_into(static_cast<int>(type));
  const index_t width = network.hidden;
  const bool skips = layer > 0 || !network.types[type].pre.empty();
  out.self = skips ? nn::identity(width) : Matrix(network.types[type].features, width);
  out.bias = Matrix(1, width);
  const Linear& cat = from.cat[type];
  if (!cat.bias.empty()) add(out.bias, nn::row_of(cat.bias));
  for (std::size_t i = 0; i < out.relations.size(); ++i) {
    const RelationWeights& one = from.relations[out.relations[i]];
    Matrix mix;
    double factor = 1.0;
    if (network.aggregation == Aggregation::cat) {
      mix = nn::rows_of(nn::weight_of(cat), static_cast<index_t>(i) * width, width);
    } else if (network.aggregation == Aggregation::mean) {
      factor = 1.0 / static_cast<double>(out.relations.size());
    }
    const auto mixed = [&](const Matrix& m) { return mix.rows == 0 ? m : nn::product(m, mix); };
    if (one.root.out > 0) add(out.self, mixed(nn::weight_of(one.root)), factor);
    add(out.bias, mixed(nn::row_of(one.nbr.bias)), factor);
    const Matrix nbr = mixed(nn::weight_of(one.nbr));
    Matrix scaled(nbr.rows, nbr.cols);
    add(scaled, nbr, factor);
    out.nbr.push_back(std::move(scaled));
  }
  return out;
}

/// The last blocks before the first layer, which no activation follows, become part of it.
void fold_before(const Network& network, std::vector<std::vector<Affine>>& pre, FoldedLayer& to) {
  for (std::size_t t = 0; t < to.types.size(); ++t) {
    FoldedType& type = to.types[t];
    add(type.bias, nn::product(pre[t].back().bias, type.self));
    type.self = nn::product(pre[t].back().weight, type.self);
    for (std::size_t i = 0; i < type.nbr.size(); ++i) {
      const auto source = static_cast<std::size_t>(network.relations[type.relations[i]].source);
      type.where_reached.push_back(nn::product(pre[source].back().bias, type.nbr[i]));
      type.nbr[i] = nn::product(pre[source].back().weight, type.nbr[i]);
    }
  }
  for (auto& blocks : pre) blocks.pop_back();
}

/// The first blocks behind the last layer, which no activation precedes, become part of it.
void fold_behind(std::vector<std::vector<Affine>>& post, FoldedLayer& to) {
  for (std::size_t t = 0; t < to.types.size(); ++t) {
    FoldedType& type = to.types[t];
    const Affine& block = post[t].front();
    type.self = nn::product(type.self, block.weight);
    type.bias = nn::product(type.bias, block.weight);
    add(type.bias, block.bias);
    for (Matrix& nbr : type.nbr) nbr = nn::product(nbr, block.weight);
    for (Matrix& row : type.where_reached) row = nn::product(row, block.weight);
    post[t].erase(post[t].begin());
  }
}

/// Row p: the bias of nodes that have edges of exactly the relations in the bits of p.
Matrix bias_by_pattern(const FoldedType& type) {
  const index_t patterns = index_t{1} << type.where_reached.size();
  Matrix out(patterns, type.bias.cols);
  for (index_t p = 0; p < patterns; ++p) {
    Matrix row = type.bias;
    for (std::size_t i = 0; i < type.where_reached.size(); ++i) {
      if ((p >> i & 1) != 0) add(row, type.where_reached[i]);
    }
    for (index_t c = 0; c < row.cols; ++c) out.row(p)[c] = row.row(0)[c];
  }
  return out;
}

/// Rows of the head for pools that are padded from `hidden` to `width` channels each.
Matrix spread_pools(const Matrix& weight, index_t hidden, index_t width) {
  Matrix out(weight.rows / hidden * width, weight.cols);
  for (index_t r = 0; r < weight.rows; ++r) {
    const double* from = weight.row(r);
    std::copy(from, from + weight.cols, out.row(r / hidden * width + r % hidden));
  }
  return out;
}

template <class T>
Dense<T> dense(const Affine& from, index_t depth, index_t width, Activation act) {
  Dense<T> out;
  out.depth = depth;
  out.width = width;
  out.weight = nn::rounded<T>(from.weight, depth, width);
  out.bias = nn::rounded<T>(from.bias, 1, width);
  out.act = act;
  return out;
}

template <class T>
TypeLayer<T> type_layer(const FoldedType& from, index_t unit) {
  const index_t width = nn::padded_to(from.bias.cols, unit);
  TypeLayer<T> out;
  out.self = nn::rounded<T>(from.self, nn::padded_to(from.self.rows, unit), width);
  out.by_pattern = !from.where_reached.empty();
  const Matrix bias = bias_by_pattern(from);
  out.bias = nn::rounded<T>(bias, bias.rows, width);
  for (std::size_t i = 0; i < from.nbr.size(); ++i) {
    RelationTerm<T> term;
    term.relation = static_cast<int>(from.relations[i]);
    term.nbr = nn::rounded<T>(from.nbr[i], nn::padded_to(from.nbr[i].rows, unit), width);
    out.terms.push_back(std::move(term));
  }
  return out;
}

/// A network whose matrices are folded, before they are rounded.
struct FoldedNetwork {
  std::vector<std::vector<Affine>> pre;  // of each type
  std::vector<std::vector<Affine>> post;
  std::vector<FoldedLayer> layers;
  bool linear_before = false;  // whether the last block before has no activation
};

FoldedNetwork fold(const Network& network) {
  FoldedNetwork out;
  for (const NodeType& type : network.types) {
    out.pre.push_back(without_norms(type.pre));
    out.post.push_back(without_norms(type.post));
  }
  out.layers.resize(network.layers.size());
  for (std::size_t l = 0; l < out.layers.size(); ++l) {
    out.layers[l].act = network.act;
    for (std::size_t t = 0; t < network.types.size(); ++t) {
      out.layers[l].types.push_back(joined(network, l, t));
    }
  }
  if (!network.linear_ends) return out;
  out.linear_before = network.convolution == Convolution::gcn;
  // The weights of a GCN's edges do not add up to 1: the bias would have to be weighted, too.
  if (!out.linear_before && !out.pre.front().empty()) {
    fold_before(network, out.pre, out.layers.front());
  }
  FoldedLayer& last = out.layers.back();
  last.act = Activation::none;
  if (out.post.front().empty()) return out;
  if (out.post.front().size() > 1) last.act = network.act;
  fold_behind(out.post, last);
  return out;
}

template <class T>
TypeProgram<T> type_program(const Network& network,
                            const FoldedNetwork& from,
                            std::size_t type,
                            index_t unit) {
  const index_t width = nn::padded_to(network.hidden, unit);
  const std::vector<Affine>& pre = from.pre[type];
  const std::vector<Affine>& post = from.post[type];
  TypeProgram<T> out;
  out.features = network.types[type].features;
  out.depth = pre.empty() ? nn::padded_to(out.features, unit) : width;
  out.pools = network.types[type].pools;
  for (std::size_t k = 0; k < pre.size(); ++k) {
    const bool linear = from.linear_before && k + 1 == pre.size();
    const Activation act = linear ? Activation::none : network.act;
    out.pre.push_back(dense<T>(pre[k], k == 0 ? out.features : width, width, act));
  }
  for (std::size_t k = 0; k < post.size(); ++k) {
    const Activation act = k + 1 == post.size() ? Activation::none : network.act;
    out.post.push_back(dense<T>(post[k], width, width, act));
  }
  return out;
}

template <class T>
std::vector<Dense<T>> head_program(const Network& network, index_t unit) {
  const index_t width = nn::padded_to(network.hidden, unit);
  std::vector<Dense<T>> out;
  out.reserve(network.head.size());
  for (const Linear& from : network.head) {
    const bool first = out.empty();
    const bool last = out.size() + 1 == network.head.size();
    Affine affine{nn::weight_of(from), nn::row_of(from.bias)};
    if (first) affine.weight = spread_pools(affine.weight, network.hidden, width);
    const index_t depth = first ? affine.weight.rows : width;
    const Activation act = last ? Activation::none : network.act;
    out.push_back(dense<T>(affine, depth, nn::padded_to(from.out, unit), act));
  }
  return out;
}

}  // namespace

template <class T>
Program<T> folded(const Network& network, bool padded) {
  const index_t unit = padded ? kChannels : 1;
  const FoldedNetwork from = fold(network);
  Program<T> out;
  out.hidden = network.hidden;
  out.width = nn::padded_to(network.hidden, unit);
  out.classes = network.classes;
  out.convolution = network.convolution;
  out.relations = network.relations;
  for (std::size_t t = 0; t < network.types.size(); ++t) {
    out.types.push_back(type_program<T>(network, from, t, unit));
  }
  for (const FoldedLayer& layer : from.layers) {
    LayerProgram<T>& to = out.layers.emplace_back();
    to.act = layer.act;
    for (const FoldedType& type : layer.types) to.types.push_back(type_layer<T>(type, unit));
  }
  out.head = head_program<T>(network, unit);
  return out;
}

template Program<float> folded(const Network& network, bool padded);
template Program<double> folded(const Network& network, bool padded);

}  // namespace gftcore
