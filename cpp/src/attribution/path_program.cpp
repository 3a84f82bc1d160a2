// SPDX-License-Identifier: Apache-2.0
#include "attribution/path_program.hpp"

#include <type_traits>
#include <utility>

#include "nn/matrices.hpp"

namespace gftcore::attribution {
namespace {

/// Columns of the result are padded where the kernels need it.
template <class T>
Turned<T> turned(const AlignedVector<T>& weight, index_t width) {
  Turned<T> out;
  if (weight.empty()) return out;
  const index_t depth = std::ssize(weight) / width;
  out.depth = nn::padded_to(depth, std::is_same_v<T, float> ? kChannels : 1);
  out.weight.resize(static_cast<std::size_t>(width * out.depth));
  for (index_t d = 0; d < depth; ++d) {
    for (index_t w = 0; w < width; ++w) {
      out.weight[static_cast<std::size_t>(w * out.depth + d)] =
          weight[static_cast<std::size_t>(d * width + w)];
    }
  }
  return out;
}

template <class T>
std::vector<Turned<T>> turned(const std::vector<Dense<T>>& blocks) {
  std::vector<Turned<T>> out;
  out.reserve(blocks.size());
  for (const Dense<T>& block : blocks) out.push_back(turned(block.weight, block.width));
  return out;
}

template <class T>
TurnedLayer<T> turned(const TypeLayer<T>& layer, index_t width) {
  TurnedLayer<T> out;
  out.self = turned(layer.self, width);
  for (const RelationTerm<T>& term : layer.terms) {
    out.nbr.push_back(turned(term.nbr, width));
    out.root.push_back(turned(term.root, width));
    out.mix.push_back(turned(term.mix, width));
  }
  return out;
}

template <class T>
ActivationPlaces places_of(const TypeProgram<T>& type, const std::vector<Activation>& layers) {
  ActivationPlaces out;
  const auto add = [&](Activation act, std::vector<std::size_t>& to) {
    to.push_back(out.count);
    if (act != Activation::none) ++out.count;
  };
  for (const Dense<T>& block : type.pre) add(block.act, out.pre);
  for (const Activation act : layers) add(act, out.layer);
  for (const Dense<T>& block : type.post) add(block.act, out.post);
  return out;
}

}  // namespace

template <class T>
PathProgram<T>::PathProgram(Program<T> from) : forward(std::move(from)) {
  for (const TypeProgram<T>& type : forward.types) {
    pre.push_back(turned(type.pre));
    post.push_back(turned(type.post));
  }
  for (LayerProgram<T>& one : forward.layers) {
    act.push_back(std::exchange(one.act, Activation::none));
    std::vector<TurnedLayer<T>>& types = layer.emplace_back();
    for (const TypeLayer<T>& type : one.types) {
      types.push_back(turned(type, forward.width));
      unfolded = unfolded || type.self.empty();
    }
  }
  for (const TypeProgram<T>& type : forward.types) places.push_back(places_of(type, act));
}

template struct PathProgram<float>;
template struct PathProgram<double>;

}  // namespace gftcore::attribution
