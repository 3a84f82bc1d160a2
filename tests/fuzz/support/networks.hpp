// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "../naive/network.hpp"
#include "bytes.hpp"
#include "gftcore/graph/batch.hpp"

namespace gftcore::fuzz {

/// A network that bytes describe, with generated weights.
struct NetworkSetup {
  Network network;
  NetworkDepths depths;
  naive::WeightTable weights;
  bool valid = true;  // else set_weights() must refuse it
};

/// Types, relations, widths, depths and options, each from bytes of its own; the last byte may
/// spoil the network.
NetworkSetup read_network(Bytes& bytes);

/// Graphs for a network, small enough that the reference takes about a millisecond.
std::vector<naive::SmallGraph> read_graphs(Bytes& bytes, const NetworkSetup& setup);

/// Graphs as one batch, with memory of their own.
struct BatchArrays {
  BatchArrays(const Network& network, const std::vector<naive::SmallGraph>& from);

  index_t graphs = 0;
  std::vector<std::vector<double>> x;
  std::vector<std::vector<float>> x_float;
  std::vector<std::vector<index_t>> node_ptr;
  std::vector<std::vector<index_t>> rowptr, col;

  template <class T>
  BatchView<T> view() const {
    BatchView<T> out;
    out.graphs = graphs;
    for (std::size_t t = 0; t < node_ptr.size(); ++t) {
      if constexpr (sizeof(T) == sizeof(float)) {
        out.types.push_back({x_float[t], node_ptr[t]});
      } else {
        out.types.push_back({x[t], node_ptr[t]});
      }
    }
    for (std::size_t r = 0; r < rowptr.size(); ++r) {
      out.relations.push_back({rowptr[r], col[r]});
    }
    return out;
  }
};

/// Makes arrays of a batch wrong in one place; false if there is no such place.
bool spoil_batch(Bytes& bytes, BatchArrays& batch);

/// -1 .. 1, and what a float holds.
inline double unit(Random& random) {
  return static_cast<double>(random.below(1 << 13)) / (1 << 12) - 1;
}

}  // namespace gftcore::fuzz
