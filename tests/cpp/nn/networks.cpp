// SPDX-License-Identifier: Apache-2.0
#include "networks.hpp"

#include <cmath>

namespace gftcore::test {
namespace {

class Writer {
 public:
  Writer(Random& random, std::map<std::string, std::vector<double>>& values)
      : random_(random), values_(values) {}

  void linear(const std::string& name, index_t in, index_t out) {
    draw(name + ".weight", in * out, 1.0 / std::sqrt(static_cast<double>(in)));
    draw(name + ".bias", out, 0.5);
  }

  void norm(const std::string& name, index_t width) {
    draw(name + ".weight", width, 0.3);
    draw(name + ".bias", width, 0.5);
    draw(name + ".running_mean", width, 0.5);
    draw(name + ".running_var", width, 1.0);
    for (double& value : values_[name + ".running_var"]) value = 0.5 + std::abs(value);
    for (double& value : values_[name + ".weight"]) value += 1.0;
  }

  void draw(const std::string& name, index_t size, double scale) {
    std::vector<double>& to = values_[name];
    for (index_t i = 0; i < size; ++i) to.push_back(scale * normal(random_));
  }

 private:
  Random& random_;
  std::map<std::string, std::vector<double>>& values_;
};

}  // namespace

void RandomWeights::fill(Network& network, const NetworkDepths& depths) {
  Writer write(random_, values_);
  const index_t width = network.hidden;
  index_t pooled = 0;
  for (const NodeType& type : network.types) {
    pooled += std::ssize(type.pools) * width;
    for (const auto& [stage, count] :
         {std::pair{std::string("pre"), depths.pre}, std::pair{std::string("post"), depths.post}}) {
      for (int k = 0; k < count; ++k) {
        const std::string name = stage + "." + type.name + "." + std::to_string(k);
        write.linear(name, stage == "pre" && k == 0 ? type.features : width, width);
        if (type.batch_norm) write.norm(name + ".norm", width);
      }
    }
  }
  for (int l = 0; l < depths.layers; ++l) {
    const std::string prefix = "conv." + std::to_string(l) + ".";
    const auto depth = [&](int type) {
      return l == 0 && depths.pre == 0 ? network.types[static_cast<std::size_t>(type)].features
                                       : width;
    };
    for (const RelationEnds& ends : network.relations) {
      const std::string name = prefix + network.types[static_cast<std::size_t>(ends.source)].name +
                               "__" + network.types[static_cast<std::size_t>(ends.target)].name;
      write.draw(name + ".root.weight", depth(ends.target) * width, 0.3);
      write.draw(name + ".nbr.weight", depth(ends.source) * width, 0.3);
      write.draw(name + ".bias", width, 0.5);
    }
    for (std::size_t t = 0; t < network.types.size(); ++t) {
      const auto reached = std::ssize(network.relations_into(static_cast<int>(t)));
      if (reached > 0)
        write.linear(prefix + "cat." + network.types[t].name, width * reached, width);
    }
  }
  for (int k = 0; k < depths.head; ++k) {
    const index_t out = k + 1 == depths.head ? network.classes : width;
    write.linear("head." + std::to_string(k), k == 0 ? pooled : width, out);
  }
  NamedWeights views;
  for (const auto& [name, values] : values_) views.emplace(name, values);
  set_weights(network, depths, views);
}

Graphs graphs_of(const Network& network,
                 const std::vector<std::vector<index_t>>& nodes,
                 unsigned seed) {
  Random random(seed);
  Graphs out;
  out.graphs = std::ssize(nodes);
  for (std::size_t t = 0; t < network.types.size(); ++t) {
    std::vector<index_t> ptr{0};
    for (const auto& sizes : nodes) ptr.push_back(ptr.back() + sizes[t]);
    std::vector<double>& x = out.x.emplace_back();
    for (index_t i = 0; i < ptr.back() * network.types[t].features; ++i) {
      // What a float holds, so that both precisions see the same values.
      x.push_back(static_cast<double>(static_cast<float>(normal(random))));
    }
    out.x_float.emplace_back(x.begin(), x.end());
    out.node_ptr.push_back(std::move(ptr));
  }
  for (const RelationEnds& ends : network.relations) {
    const std::vector<index_t>& from = out.node_ptr[static_cast<std::size_t>(ends.source)];
    const std::vector<index_t>& to = out.node_ptr[static_cast<std::size_t>(ends.target)];
    std::vector<index_t> src;
    std::vector<index_t> dst;
    for (std::size_t g = 0; g < nodes.size(); ++g) {
      const index_t sources = from[g + 1] - from[g];
      const index_t targets = to[g + 1] - to[g];
      if (sources == 0) continue;
      for (index_t e = 0; e < targets * 3 / 2; ++e) {
        src.push_back(from[g] + below(random, sources));
        dst.push_back(to[g] + below(random, targets));
      }
    }
    out.edges.push_back(csr_from_edges(src, dst, from.back(), to.back()));
  }
  return out;
}

}  // namespace gftcore::test
