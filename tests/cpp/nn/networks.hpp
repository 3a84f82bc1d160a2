// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "gftcore/graph/batch.hpp"
#include "gftcore/graph/csr.hpp"
#include "gftcore/nn/network.hpp"

namespace gftcore::test {

using Random = std::mt19937;

inline double normal(Random& random) { return std::normal_distribution<double>()(random); }
inline index_t below(Random& random, index_t n) {
  return std::uniform_int_distribution<index_t>(0, n - 1)(random);
}

/// Three node types with all nine relations between them, or what a test makes of it.
inline Network network_of(index_t hidden,
                          bool linear_ends,
                          Aggregation aggregation,
                          Activation act) {
  Network out;
  out.hidden = hidden;
  out.classes = 3;
  out.act = act;
  out.aggregation = aggregation;
  out.linear_ends = linear_ends;
  const std::vector<Pool> all{Pool::sum, Pool::mean, Pool::max};
  out.types = {{"vessel", 5, all, true, {}, {}},
               {"ica", 4, all, true, {}, {}},
               {"faz", 3, all, false, {}, {}}};
  for (int s = 0; s < 3; ++s) {
    for (int t = 0; t < 3; ++t) out.relations.push_back({s, t});
  }
  return out;
}

/// Weights under the names of a file; each is made when it is first asked for.
class RandomWeights {
 public:
  explicit RandomWeights(unsigned seed) : random_(seed) {}

  /// Sets the weights, finding names and sizes by what is said to be missing.
  void fill(Network& network, const NetworkDepths& depths);

 private:
  Random random_;
  std::map<std::string, std::vector<double>> values_;
};

/// Several graphs with memory of their own, as doubles and as floats.
struct Graphs {
  std::vector<std::vector<double>> x;
  std::vector<std::vector<float>> x_float;
  std::vector<std::vector<index_t>> node_ptr;
  std::vector<Csr> edges;
  index_t graphs = 0;

  template <class T>
  BatchView<T> view() const {
    BatchView<T> out;
    out.graphs = graphs;
    for (std::size_t t = 0; t < x.size(); ++t) {
      if constexpr (sizeof(T) == sizeof(float)) {
        out.types.push_back({x_float[t], node_ptr[t]});
      } else {
        out.types.push_back({x[t], node_ptr[t]});
      }
    }
    for (const Csr& csr : edges) out.relations.push_back({csr.rowptr, csr.col});
    return out;
  }
};

/// One graph for each entry of `nodes`, which holds the number of nodes of each type. A target has
/// 1.5 edges of each relation on average.
Graphs graphs_of(const Network& network,
                 const std::vector<std::vector<index_t>>& nodes,
                 unsigned seed);

}  // namespace gftcore::test
