// SPDX-License-Identifier: Apache-2.0
#include "networks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gftcore/graph/csr.hpp"

namespace gftcore::fuzz {
namespace {

constexpr index_t kLeast = std::numeric_limits<index_t>::min();
constexpr index_t kMost = std::numeric_limits<index_t>::max();

std::size_t size(index_t n) { return static_cast<std::size_t>(n); }

/// Names and sizes of all weights, as a model file has them.
class WeightWriter {
 public:
  WeightWriter(NetworkSetup& setup, Random& random) : setup_(setup), random_(random) {}

  void write() {
    const Network& network = setup_.network;
    index_t pooled = 0;
    for (const NodeType& type : network.types) {
      pooled += std::ssize(type.pools) * network.hidden;
      blocks("pre." + type.name, setup_.depths.pre, type.features, type.batch_norm);
      blocks("post." + type.name, setup_.depths.post, network.hidden, type.batch_norm);
    }
    for (int l = 0; l < setup_.depths.layers; ++l) layer(l);
    for (int k = 0; k < setup_.depths.head; ++k) {
      const bool last = k + 1 == setup_.depths.head;
      linear("head." + std::to_string(k),
             k == 0 ? pooled : network.hidden,
             last ? network.classes : network.hidden);
    }
  }

 private:
  std::vector<double>& draw(const std::string& name, index_t count, double scale) {
    std::vector<double>& to = setup_.weights[name];
    for (index_t i = 0; i < count; ++i) to.push_back(scale * unit(random_));
    return to;
  }

  void linear(const std::string& name, index_t in, index_t out) {
    draw(
        name + ".weight", in * out, 1.5 / std::sqrt(static_cast<double>(std::max(in, index_t{1}))));
    draw(name + ".bias", out, 0.5);
  }

  void blocks(const std::string& stage, int count, index_t in, bool batch_norm) {
    const index_t width = setup_.network.hidden;
    for (int k = 0; k < count; ++k) {
      const std::string name = stage + "." + std::to_string(k);
      linear(name, k == 0 ? in : width, width);
      if (!batch_norm) continue;
      draw(name + ".norm.weight", width, 1.5);
      draw(name + ".norm.bias", width, 0.5);
      draw(name + ".norm.running_mean", width, 0.5);
      for (double& x : draw(name + ".norm.running_var", width, 1)) x = 0.25 + x * x;
    }
  }

  void layer(int l) {
    const Network& network = setup_.network;
    const index_t width = network.hidden;
    const std::string prefix = "conv." + std::to_string(l) + ".";
    const auto depth = [&](const NodeType& type) {
      return l == 0 && setup_.depths.pre == 0 ? type.features : width;
    };
    for (const RelationEnds& ends : network.relations) {
      const NodeType& s = network.types[size(ends.source)];
      const NodeType& t = network.types[size(ends.target)];
      const std::string name = prefix + s.name + "__" + t.name;
      linear(name + ".nbr", depth(s), width);
      setup_.weights[name + ".bias"] = setup_.weights[name + ".nbr.bias"];
      if (network.convolution == Convolution::sage) linear(name + ".root", depth(t), width);
    }
    if (network.aggregation != Aggregation::cat) return;
    for (std::size_t t = 0; t < network.types.size(); ++t) {
      const auto reached = std::ssize(network.relations_into(static_cast<int>(t)));
      if (reached > 0) linear(prefix + "cat." + network.types[t].name, width * reached, width);
    }
  }

  NetworkSetup& setup_;
  Random& random_;
};

/// What makes a network no network, by number; 0 leaves it as it is.
void spoil_network(int how, NetworkSetup& setup) {
  Network& network = setup.network;
  setup.valid = setup.valid && how == 0;
  switch (how) {
    case 1:
      network.hidden = 0;
      break;
    case 2:
      network.hidden = kMost;
      break;
    case 3:
      network.classes = -1;
      break;
    case 4:
      network.types.clear();
      break;
    case 5:
      network.types.front().features = 0;
      break;
    case 6:
      network.types.front().features = kMost / 2;
      break;
    case 7:
      network.relations.push_back({0, static_cast<int>(network.types.size())});
      break;
    case 8:
      network.relations.push_back({-1, 0});
      break;
    case 9:
      network.relations.assign(9, {0, 0});
      break;
    case 10:
      setup.depths.layers = 0;
      break;
    case 11:
      setup.depths.head = 0;
      break;
    case 12:
      setup.depths.pre = -1;
      break;
    case 13:
      network.classes = kMost;
      break;
    default:
      break;
  }
}

/// Spoils one weight; the bias of the last layer of the head is always there.
void spoil_weight(int how, NetworkSetup& setup) {
  const std::string last = "head." + std::to_string(setup.depths.head - 1) + ".bias";
  setup.valid = false;
  if (how % 3 == 0) setup.weights.erase(last);
  if (how % 3 == 1) setup.weights[last].push_back(1);
  if (how % 3 == 2) setup.weights[last].clear();
}

/// Mostly few nodes; sometimes as many as a block of rows has, or some more.
index_t read_count(Bytes& bytes, index_t most) {
  const index_t given = bytes.byte();
  return given >= 192 ? given % (most + 1) : given % (std::min<index_t>(most, 9) + 1);
}

}  // namespace

NetworkSetup read_network(Bytes& bytes) {
  NetworkSetup setup;
  Network& network = setup.network;
  Random random(bytes.two_bytes());
  const int kind = bytes.byte();
  const int spoiled = bytes.byte();
  const int types = 1 + kind % 3;
  const bool gcn = types == 1 && kind / 4 % 2 == 1;
  network.act = static_cast<Activation>(kind / 8 % 4);
  network.linear_ends = kind / 32 % 2 == 1;
  const int depths = bytes.byte();
  network.aggregation = static_cast<Aggregation>(depths % 3);
  network.convolution = gcn ? Convolution::gcn : Convolution::sage;
  setup.depths = {depths / 3 % 3, 1 + depths / 9 % 3, depths / 27 % 3, 1 + depths / 81 % 3};
  const int hidden = bytes.byte();
  network.hidden = 1 + hidden % (hidden >= 224 ? 40 : 18);
  network.classes = 1 + bytes.byte() % 4;
  for (int t = 0; t < types; ++t) {
    NodeType type;
    type.name = std::string(1, static_cast<char>('a' + t));
    type.features = 1 + bytes.byte() % 20;
    const int pools = bytes.byte();
    for (int p = 0; p < 3; ++p) {
      if ((pools >> p & 1) != 0) type.pools.push_back(static_cast<Pool>(p));
    }
    type.batch_norm = pools / 8 % 2 == 1;
    network.types.push_back(std::move(type));
  }
  const int missing = bytes.two_bytes();  // most of them are there
  for (int r = 0; r < types * types; ++r) {
    if (gcn || (missing >> r & 1) == 0) network.relations.push_back({r / types, r % types});
  }
  WeightWriter(setup, random).write();
  setup.valid = std::ranges::any_of(network.types, [](auto& type) { return !type.pools.empty(); });
  if (setup.depths.pre == 0) {
    for (int t = 0; t < types; ++t) {
      if (network.relations_into(t).empty()) setup.valid = false;
    }
  }
  if (spoiled >= 224) spoil_network(spoiled % 14, setup);
  if (spoiled >= 216 && spoiled < 224) spoil_weight(spoiled, setup);
  return setup;
}

std::vector<naive::SmallGraph> read_graphs(Bytes& bytes, const NetworkSetup& setup) {
  const Network& network = setup.network;
  Random random(bytes.two_bytes());
  const int kind = bytes.byte();
  const index_t graphs = bytes.byte() % 5;
  const index_t most = network.hidden <= 8 || kind % 32 == 9 ? 110 : network.hidden <= 20 ? 24 : 10;
  std::vector<naive::SmallGraph> out(size(graphs));
  for (naive::SmallGraph& graph : out) {
    for (const NodeType& type : network.types) {
      auto& rows = graph.x.emplace_back(size(read_count(bytes, most)));
      std::vector<double> row(size(type.features));
      for (auto& to : rows) {
        const bool again = kind / 32 % 4 == 1;  // all nodes alike
        for (double& x : row) x = again && &to != rows.data() ? x : 4 * unit(random);
        if (kind / 32 % 4 == 2) std::ranges::fill(row, 0.0);
        if (kind / 32 % 4 == 3) row.front() *= 1000;
        to = row;
      }
    }
    for (const RelationEnds& ends : network.relations) {
      const index_t sources = std::ssize(graph.x[size(ends.source)]);
      const index_t targets = std::ssize(graph.x[size(ends.target)]);
      naive::Edges& edges = graph.edges.emplace_back();
      const index_t count = sources == 0 ? 0 : random.below(2 * targets + 1);
      for (index_t e = 0; e < count; ++e) {
        const index_t source = random.below(sources);
        edges.emplace_back(source, random.below(targets));
      }
    }
  }
  return out;
}

BatchArrays::BatchArrays(const Network& network, const std::vector<naive::SmallGraph>& from)
    : graphs(std::ssize(from)) {
  for (std::size_t t = 0; t < network.types.size(); ++t) {
    std::vector<double>& values = x.emplace_back();
    std::vector<index_t>& ptr = node_ptr.emplace_back(1, 0);
    for (const naive::SmallGraph& graph : from) {
      for (const auto& row : graph.x[t]) values.insert(values.end(), row.begin(), row.end());
      ptr.push_back(ptr.back() + std::ssize(graph.x[t]));
    }
    x_float.emplace_back(values.begin(), values.end());
  }
  for (std::size_t r = 0; r < network.relations.size(); ++r) {
    const std::vector<index_t>& sources = node_ptr[size(network.relations[r].source)];
    const std::vector<index_t>& targets = node_ptr[size(network.relations[r].target)];
    std::vector<index_t> src;
    std::vector<index_t> dst;
    for (std::size_t g = 0; g < from.size(); ++g) {
      for (const auto& [s, t] : from[g].edges[r]) {
        src.push_back(sources[g] + s);
        dst.push_back(targets[g] + t);
      }
    }
    Csr csr = csr_from_edges(src, dst, sources.back(), targets.back());
    rowptr.push_back(std::move(csr.rowptr));
    col.push_back(std::move(csr.col));
  }
}

bool spoil_batch(Bytes& bytes, BatchArrays& batch) {
  const int how = bytes.byte() % 12;
  const index_t any = bytes.two_bytes();
  const auto one_of = [any](auto& list) -> auto& { return list[size(any) % list.size()]; };
  std::vector<index_t>& ptr = one_of(batch.node_ptr);
  constexpr index_t kFar[] = {-1, kLeast, kMost, index_t{1} << 40};
  switch (how) {
    case 0:
      batch.graphs += 1;
      return true;
    case 1:
      batch.graphs = kFar[any % 3];
      return true;
    case 2:
      ptr.pop_back();
      return true;
    case 3:
      ptr.front() = 1;
      return true;
    case 4:
      ptr.back() = ptr.size() == 1 ? 1 : kFar[any % 4];
      return true;
    case 5:
      one_of(batch.x).push_back(0);
      one_of(batch.x_float).push_back(0);
      return true;
    case 6:
      batch.node_ptr.pop_back();
      return true;
    default:
      break;
  }
  if (batch.rowptr.empty()) return false;
  std::vector<index_t>& rows = one_of(batch.rowptr);
  std::vector<index_t>& cols = one_of(batch.col);
  switch (how) {
    case 7:
      rows.push_back(rows.back());
      return true;
    case 8:
      one_of(rows) = kFar[any / 256 % 4];
      return true;
    case 9:
      rows.back() += 1;
      return true;
    case 10:
      cols.push_back(0);
      return true;
    default:
      if (cols.empty()) return false;
      one_of(cols) = kFar[any / 256 % 4];
      return true;
  }
}

}  // namespace gftcore::fuzz
