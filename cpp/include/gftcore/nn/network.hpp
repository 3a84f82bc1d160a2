// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "gftcore/common/index.hpp"

namespace gftcore {

enum class Activation { none, relu, leaky, elu };  // slope 0.01; exp(z) - 1
enum class Aggregation { sum, mean, cat };
enum class Pool { sum, mean, max };
enum class Convolution { sage, gcn };

inline constexpr double kLeakySlope = 0.01;
inline constexpr double kNormEps = 1e-5;

/// y = x W + b with W [in, out], row after row.
struct Linear {
  index_t in = 0;
  index_t out = 0;
  std::vector<double> weight;
  std::vector<double> bias;  // [out], or empty
};

/// y = (x - mean) / sqrt(var + kNormEps) * weight + bias; empty vectors: y = x.
struct BatchNorm {
  std::vector<double> weight, bias, mean, var;
};

struct Block {
  Linear linear;
  BatchNorm norm;
};

struct NodeType {
  std::string name;
  index_t features = 0;
  std::vector<Pool> pools;
  bool batch_norm = false;
  std::vector<Block> pre, post;
};

/// Places of its node types.
struct RelationEnds {
  int source = 0;
  int target = 0;
};

struct RelationWeights {
  Linear root;  // no bias; no weight in a GCN
  Linear nbr;   // its bias is the relation's
};

struct GraphLayer {
  std::vector<RelationWeights> relations;
  std::vector<Linear> cat;  // of each type, for Aggregation::cat where relations reach it
};

/// A heterogeneous graph network as its file holds it, in double precision.
///
/// Row vectors. Blocks: h <- act(norm(h W + b)). Layers: o_r = h_t root + mean(h_s) nbr + b_r over
/// the edges of relation r = (s -> t), 0 where a node has none; z_t = all o_r joined + h_t;
/// h_t <- act(z_t). The last block behind the layers has no activation. Pools are concatenated in
/// the order of types; act lies between the linear layers of the head.
///
/// `linear_ends`: no act after the last block before the layers, nor after the last layer. Without
/// blocks before, the first layer maps features to `hidden` channels, without + h_t. In a GCN (one
/// type, one relation) o = sum of h_u / sqrt(d_u d_v) nbr + b over the neighbours and v itself;
/// every node has exactly one edge to itself, and d counts it.
struct Network {
  index_t hidden = 0;
  index_t classes = 0;
  Activation act = Activation::leaky;
  Aggregation aggregation = Aggregation::sum;
  Convolution convolution = Convolution::sage;
  bool linear_ends = false;
  std::vector<NodeType> types;
  std::vector<RelationEnds> relations;
  std::vector<GraphLayer> layers;
  std::vector<Linear> head;

  std::vector<std::size_t> relations_into(int type) const;
};

/// Numbers of blocks and layers; the rest of what a network is stands in its own fields.
struct NetworkDepths {
  int pre = 2;
  int layers = 3;
  int post = 2;
  int head = 2;
};

using NamedWeights = std::map<std::string, std::span<const double>>;

/// Fill blocks, layers and head of a network whose other fields are set, from weights with the
/// names of a model file, matrices [out, in]. Throws ValueError if a weight is missing or has
/// another size, or if a field is out of its domain.
void set_weights(Network& network, const NetworkDepths& depths, const NamedWeights& weights);

}  // namespace gftcore
