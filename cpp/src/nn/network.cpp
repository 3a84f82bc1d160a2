// SPDX-License-Identifier: Apache-2.0
#include "gftcore/nn/network.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

class Reader {
 public:
  explicit Reader(const NamedWeights& weights) : weights_(weights) {}

  std::vector<double> vector(const std::string& name, index_t size) const {
    const auto found = weights_.find(name);
    if (found == weights_.end()) throw ValueError("weight " + name + " is missing");
    if (std::ssize(found->second) != size) {
      throw ValueError("weight " + name + " must have " + std::to_string(size) + " values, got " +
                       std::to_string(found->second.size()));
    }
    return {found->second.begin(), found->second.end()};
  }

  /// The matrix of a file, [out, in], turned.
  std::vector<double> matrix(const std::string& name, index_t in, index_t out) const {
    const std::vector<double> given = vector(name, in * out);
    std::vector<double> turned(given.size());
    for (index_t i = 0; i < in; ++i) {
      for (index_t o = 0; o < out; ++o) {
        turned[static_cast<std::size_t>(i * out + o)] = given[static_cast<std::size_t>(o * in + i)];
      }
    }
    return turned;
  }

  Linear linear(const std::string& name, index_t in, index_t out) const {
    return {in, out, matrix(name + ".weight", in, out), vector(name + ".bias", out)};
  }

  Block block(const std::string& name, index_t in, index_t out, bool batch_norm) const {
    Block result{linear(name, in, out), {}};
    if (!batch_norm) return result;
    result.norm = {vector(name + ".norm.weight", out),
                   vector(name + ".norm.bias", out),
                   vector(name + ".norm.running_mean", out),
                   vector(name + ".norm.running_var", out)};
    return result;
  }

 private:
  const NamedWeights& weights_;
};

/// So that numbers of weights never overflow.
constexpr index_t kMostFeatures = 65536;

void require_domain(const Network& network, const NetworkDepths& depths) {
  const auto within = [](index_t n) { return n >= 1 && n <= kMostFeatures; };
  const bool widths = network.hidden >= 1 && network.hidden <= 4096 && within(network.classes) &&
                      std::ranges::all_of(network.types, within, &NodeType::features);
  const bool counts = depths.pre >= 0 && depths.layers >= 1 && depths.post >= 0 && depths.head >= 1;
  if (!widths || !counts || network.types.empty()) {
    throw ValueError("a network must have types, features, channels, classes, layers and a head");
  }
  const auto pools_none = [](const NodeType& type) { return type.pools.empty(); };
  if (std::ranges::all_of(network.types, pools_none)) {
    throw ValueError("a network must have a pool, so that its head has something to read");
  }
  const auto types = static_cast<int>(network.types.size());
  for (const RelationEnds& relation : network.relations) {
    if (relation.source < 0 || relation.source >= types || relation.target < 0 ||
        relation.target >= types) {
      throw ValueError("a relation must join node types of the network");
    }
  }
  for (int t = 0; t < types; ++t) {
    const std::size_t reached = network.relations_into(t).size();
    if (reached > 8) throw ValueError("at most 8 relations may reach a node type");
    if (depths.pre == 0 && reached == 0) {
      throw ValueError("without blocks before the layers, a relation must reach each type");
    }
  }
  if (network.convolution == Convolution::gcn && (types != 1 || network.relations.size() != 1)) {
    throw ValueError("a GCN must have one node type and one relation");
  }
}

}  // namespace

std::vector<std::size_t> Network::relations_into(int type) const {
  std::vector<std::size_t> places;
  for (std::size_t r = 0; r < relations.size(); ++r) {
    if (relations[r].target == type) places.push_back(r);
  }
  return places;
}

void set_weights(Network& network, const NetworkDepths& depths, const NamedWeights& weights) {
  require_domain(network, depths);
  const Reader read(weights);
  const index_t width = network.hidden;
  index_t pooled = 0;
  for (NodeType& type : network.types) {
    const auto blocks = [&](const std::string& stage, int count, index_t first) {
      std::vector<Block> result;
      for (int k = 0; k < count; ++k) {
        const std::string name = stage + "." + type.name + "." + std::to_string(k);
        result.push_back(read.block(name, k == 0 ? first : width, width, type.batch_norm));
      }
      return result;
    };
    type.pre = blocks("pre", depths.pre, type.features);
    type.post = blocks("post", depths.post, width);
    pooled += std::ssize(type.pools) * width;
  }
  network.layers.clear();
  for (int l = 0; l < depths.layers; ++l) {
    const auto depth = [&](int type) {
      const bool first = l == 0 && depths.pre == 0;
      return first ? network.types[static_cast<std::size_t>(type)].features : width;
    };
    const std::string prefix = "conv." + std::to_string(l) + ".";
    GraphLayer layer;
    for (const RelationEnds& relation : network.relations) {
      const std::string name = prefix +
                               network.types[static_cast<std::size_t>(relation.source)].name +
                               "__" + network.types[static_cast<std::size_t>(relation.target)].name;
      const index_t in = depth(relation.source);
      RelationWeights one;
      one.nbr = {in,
                 width,
                 read.matrix(name + ".nbr.weight", in, width),
                 read.vector(name + ".bias", width)};
      if (network.convolution == Convolution::sage) {
        const index_t own = depth(relation.target);
        one.root = {own, width, read.matrix(name + ".root.weight", own, width), {}};
      }
      layer.relations.push_back(std::move(one));
    }
    for (std::size_t t = 0; t < network.types.size(); ++t) {
      const auto joined = std::ssize(network.relations_into(static_cast<int>(t)));
      const bool mixes = network.aggregation == Aggregation::cat && joined > 0;
      const std::string name = prefix + "cat." + network.types[t].name;
      layer.cat.push_back(mixes ? read.linear(name, width * joined, width) : Linear{});
    }
    network.layers.push_back(std::move(layer));
  }
  network.head.clear();
  for (int k = 0; k < depths.head; ++k) {
    network.head.push_back(read.linear("head." + std::to_string(k),
                                       k == 0 ? pooled : width,
                                       k + 1 == depths.head ? network.classes : width));
  }
}

}  // namespace gftcore
