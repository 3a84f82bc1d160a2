// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/aligned_vector.hpp"
#include "gftcore/nn/network.hpp"

namespace gftcore {

/// y = act(norm(x W + b)). Widths are padded, pads are 0 and stay 0.
template <class T>
struct Dense {
  index_t depth = 0;
  index_t width = 0;
  AlignedVector<T> weight;  // [depth, width]
  AlignedVector<T> bias;    // [width]
  AlignedVector<T> mean;    // [width] as scale and shift, or empty: y = (y - mean) scale + shift
  AlignedVector<T> scale;
  AlignedVector<T> shift;
  Activation act = Activation::none;
};

/// What one relation r = (s -> t) adds to z_t.
template <class T>
struct RelationTerm {
  int relation = 0;
  AlignedVector<T> nbr;   // M_r [depth of s, width]
  AlignedVector<T> root;  // unfolded only: [depth of t, width], or empty for a GCN
  AlignedVector<T> bias;  // unfolded only: [width]
  AlignedVector<T> mix;   // unfolded cat only: [width, width], applied to the sum of the above
};

/// z_t = (h_t) + h_t self + sum of A_r h_s nbr_r + bias of the node's pattern.
template <class T>
struct TypeLayer {
  bool skip = false;        // whether h_t itself is added; folded forms have it in `self`
  T share = 1;              // unfolded mean only: factor of every relation
  AlignedVector<T> self;    // folded only: S_t [depth of t, width]
  AlignedVector<T> bias;    // [patterns, width]
  bool by_pattern = false;  // bit i of a node's pattern: it has an edge of terms[i]; else 1 row
  std::vector<RelationTerm<T>> terms;
};

template <class T>
struct LayerProgram {
  std::vector<TypeLayer<T>> types;
  Activation act = Activation::none;
};

template <class T>
struct TypeProgram {
  index_t features = 0;
  index_t depth = 0;  // width of what enters the first layer, padded if that are the features
  std::vector<Pool> pools;
  std::vector<Dense<T>> pre, post;
};

/// A network as its kernels run it.
template <class T>
struct Program {
  index_t hidden = 0;
  index_t width = 0;  // hidden, padded
  index_t classes = 0;
  Convolution convolution = Convolution::sage;
  std::vector<RelationEnds> relations;
  std::vector<TypeProgram<T>> types;
  std::vector<LayerProgram<T>> layers;
  std::vector<Dense<T>> head;  // the first one reads padded pools
};

/// Channels of a padded program are a multiple of this.
inline constexpr index_t kChannels = 16;

/// Fold norms into their linear layers, root matrices, aggregation and skip of a type into one
/// matrix, and linear layers that meet without an activation between them into one; in double
/// precision, rounded at the end. With `padded`, widths become multiples of kChannels.
///
/// A linear block before layer 1 adds its folded bias through relation r only where a node has an
/// edge of r: biases by pattern.
template <class T>
Program<T> folded(const Network& network, bool padded);

/// Every operation of the network by itself, nothing folded or padded.
Program<double> unfolded(const Network& network);

extern template Program<float> folded(const Network& network, bool padded);
extern template Program<double> folded(const Network& network, bool padded);

}  // namespace gftcore
