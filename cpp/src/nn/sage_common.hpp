// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/scratch_memory.hpp"
#include "gftcore/nn/sage_layer.hpp"
#include "nn/kernels.hpp"
#include "nn/padding.hpp"
#include "simd/network_outer.hpp"

namespace gftcore::nn {

/// Throws ShapeError or ValueError unless sizes fit and edges join the nodes.
template <class T>
void check_layer(const SageLayer<T>& layer, int threads);

/// Throws ShapeError unless each matrix has the type's nodes and W columns.
template <class T, class View>
void check_outputs(const SageLayer<T>& layer, const std::vector<View>& matrices, const char* name);

template <class T>
index_t width_of(const SageLayer<T>& layer) {
  return layer.self.front().cols;
}

/// A layer with matrices as the kernels need them.
template <class T>
SageLayer<T> padded_layer(const SageLayer<T>& layer, Padding<T>& padding);

template <class T>
struct LayerPlan {
  simd::NetworkKernels<T> kernels;
  simd::OuterKernels<T> outer;
  std::vector<std::vector<T>> inv_deg;           // of each relation: [N_t]
  std::vector<bool> transforms_first;            // of each relation: N_s < N_t
  std::vector<bool> pulls_first;                 // backwards: N_s <= N_t
  std::vector<std::vector<std::size_t>> into;    // relations by target type
  std::vector<std::vector<std::size_t>> out_of;  // relations by source type
  std::vector<index_t> nodes;                    // of each type
};

template <class T>
LayerPlan<T> plan_of(const SageLayer<T>& layer);

inline std::size_t source_of(const LayerEdges& edges) {
  return static_cast<std::size_t>(edges.ends.source);
}
inline std::size_t target_of(const LayerEdges& edges) {
  return static_cast<std::size_t>(edges.ends.target);
}

/// Large buffers that a thread keeps from call to call: fresh pages would cost as much as the work.
class LayerScratch {
 public:
  /// Scratch memory number `place`.
  ScratchMemory& at(std::size_t place) {
    if (place >= memory_.size()) memory_.resize(place + 1);
    return memory_[place];
  }

 private:
  std::vector<ScratchMemory> memory_;
};

LayerScratch& layer_scratch();

}  // namespace gftcore::nn
