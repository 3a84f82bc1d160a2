// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/nn/program.hpp"

namespace gftcore::attribution {

/// W turned: [width, depth].
template <class T>
struct Turned {
  AlignedVector<T> weight;
  index_t depth = 0;  // columns, padded like the program
};

/// Matrices of one type in one layer, turned.
template <class T>
struct TurnedLayer {
  Turned<T> self;               // folded only
  std::vector<Turned<T>> nbr;   // of each term
  std::vector<Turned<T>> root;  // unfolded only
  std::vector<Turned<T>> mix;   // unfolded cat only
};

/// Places of a type's activations among themselves, in the network's order; the same whether the
/// program is folded or not.
struct ActivationPlaces {
  std::vector<std::size_t> pre, layer, post;
  std::size_t count = 0;
};

/// A program whose layers stop before their activation, and all that its way back needs.
template <class T>
struct PathProgram {
  explicit PathProgram(Program<T> from);

  Program<T> forward;
  std::vector<Activation> act;                     // of each layer
  std::vector<std::vector<Turned<T>>> pre, post;   // of each type, of each block
  std::vector<std::vector<TurnedLayer<T>>> layer;  // of each layer, of each type
  std::vector<ActivationPlaces> places;            // of each type
  bool unfolded = false;

  index_t width() const { return forward.width; }
  std::size_t types() const { return forward.types.size(); }
  std::size_t layers() const { return forward.layers.size(); }

  /// Whether blocks lie behind the layers; all types have the same number.
  bool has_post() const { return !forward.types.front().post.empty(); }
};

extern template struct PathProgram<float>;
extern template struct PathProgram<double>;

}  // namespace gftcore::attribution
