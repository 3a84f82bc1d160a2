// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "nn/graph_state.hpp"

namespace gftcore::nn {
namespace {

template <class T>
void set_patterns(GraphState<T>& state, const TypeLayer<T>& layer, std::size_t type) {
  std::vector<std::uint8_t>& pattern = state.pattern[type];
  pattern.assign(static_cast<std::size_t>(state.graph.nodes[type]), 0);
  for (std::size_t i = 0; i < layer.terms.size(); ++i) {
    const auto relation = static_cast<std::size_t>(layer.terms[i].relation);
    const std::vector<std::int32_t>& rowptr = state.graph.relations[relation].rowptr;
    for (std::size_t v = 0; v < pattern.size(); ++v) {
      const bool reached = rowptr[v + 1] > rowptr[v];
      pattern[v] = static_cast<std::uint8_t>(pattern[v] | (static_cast<unsigned>(reached) << i));
    }
  }
}

template <class T>
void gather(const GraphState<T>& state,
            int relation,
            const T* in,
            index_t width,
            index_t row,
            index_t rows,
            T* out,
            bool add) {
  const LocalEdges<T>& edges = state.graph.relations[static_cast<std::size_t>(relation)];
  state.kernels.gather({in,
                        edges.rowptr.data() + row,
                        edges.col.data(),
                        edges.scale.data() + row,
                        edges.source_scales(),
                        rows,
                        width,
                        out,
                        add});
}

/// Means of a relation's sources for a block of rows; returns their width.
template <class T>
index_t gather_sources(GraphState<T>& state, int relation, index_t row, index_t rows, T* out) {
  const std::size_t source = state.source[static_cast<std::size_t>(relation)];
  gather(state, relation, state.rows(source, 0), state.depth[source], row, rows, out, false);
  return state.depth[source];
}

/// out (+)= in weight over `depth` channels, from `bias` on where that is given.
template <class T>
void multiply(const GraphState<T>& state,
              const T* in,
              index_t depth,
              const AlignedVector<T>& weight,
              index_t rows,
              T* out,
              bool add,
              const T* bias = nullptr,
              simd::Act act = simd::Act::none) {
  state.kernels.multiply({in, depth, weight.data(), depth, state.width, rows, out, add, bias, act});
}

/// Sums add up in place; the last operation applies the activation where it can.
template <class T>
void folded_rows(GraphState<T>& state,
                 const LayerProgram<T>& layer,
                 std::size_t type,
                 index_t row,
                 index_t rows,
                 T* out) {
  const TypeLayer<T>& from = layer.types[type];
  const simd::Act act = kernel_act(layer.act);
  std::size_t multiplications = 1;
  for (const RelationTerm<T>& term : from.terms) {
    multiplications += transforms_first(state, term.relation) ? 0 : 1;
  }
  const bool gathers_last = multiplications == 1 && !from.terms.empty();
  const bool finish = from.by_pattern || gathers_last;
  const auto act_of = [&](std::size_t left) {
    return left == 0 && !finish ? act : simd::Act::none;
  };
  multiply(state,
           state.rows(type, row),
           state.depth[type],
           from.self,
           rows,
           out,
           false,
           from.by_pattern ? nullptr : from.bias.data(),
           act_of(--multiplications));
  for (const RelationTerm<T>& term : from.terms) {
    if (!transforms_first(state, term.relation)) continue;
    const auto place = static_cast<std::size_t>(term.relation);
    const T* in = state.transformed[place].template data<T>();
    gather(state, term.relation, in, state.width, row, rows, out, true);
  }
  T* mean = state.block(3);
  for (const RelationTerm<T>& term : from.terms) {
    if (transforms_first(state, term.relation)) continue;
    const index_t depth = gather_sources(state, term.relation, row, rows, mean);
    const simd::Act last = act_of(--multiplications);
    multiply<T>(state, mean, depth, term.nbr, rows, out, true, nullptr, last);
  }
  if (!finish) return;
  const T* bias = from.by_pattern ? from.bias.data() : nullptr;
  const std::uint8_t* pattern = from.by_pattern ? state.pattern[type].data() + row : nullptr;
  state.kernels.finish({out, rows, state.width, bias, pattern, act});
}

/// Every relation by itself, then joined, as the network is written down.
template <class T>
void unfolded_rows(GraphState<T>& state,
                   const LayerProgram<T>& layer,
                   std::size_t type,
                   index_t row,
                   index_t rows,
                   T* out) {
  const TypeLayer<T>& from = layer.types[type];
  const index_t size = rows * state.width;
  const T* own = state.rows(type, row);
  if (from.skip) {
    std::copy_n(own, size, out);
  } else {
    std::fill_n(out, size, T{0});
  }
  T* message = state.block(1);
  T* mixed = state.block(2);
  T* mean = state.block(3);
  for (const RelationTerm<T>& term : from.terms) {
    const index_t depth = gather_sources(state, term.relation, row, rows, mean);
    multiply<T>(state, mean, depth, term.nbr, rows, message, false, term.bias.data());
    if (!term.root.empty()) {
      multiply<T>(state, own, state.depth[type], term.root, rows, message, true);
    }
    if (!term.mix.empty()) {
      multiply<T>(state, message, state.width, term.mix, rows, mixed, false);
    }
    const T* joined = term.mix.empty() ? message : mixed;
    for (index_t i = 0; i < size; ++i) out[i] += from.share * joined[i];
  }
  state.kernels.finish({out, rows, state.width, from.bias.data(), nullptr, kernel_act(layer.act)});
}

}  // namespace

template <class T>
GraphState<T>::GraphState(const Program<T>& program)
    : width(program.width),
      depth(program.types.size()),
      h(program.types.size()),
      next(program.types.size()),
      transformed(program.relations.size()),
      pattern(program.types.size()),
      widest(program.width) {
  for (const RelationEnds& relation : program.relations) {
    source.push_back(static_cast<std::size_t>(relation.source));
  }
  for (const TypeProgram<T>& type : program.types) widest = std::max(widest, type.depth);
  for (const Dense<T>& dense : program.head) widest = std::max(widest, dense.width);
}

template <class T>
void prepare_layer(GraphState<T>& state, const LayerProgram<T>& layer) {
  for (std::size_t t = 0; t < layer.types.size(); ++t) {
    const TypeLayer<T>& type = layer.types[t];
    if (type.by_pattern) set_patterns(state, type, t);
    if (type.self.empty()) continue;  // unfolded
    for (const RelationTerm<T>& term : type.terms) {
      if (!transforms_first(state, term.relation)) continue;
      const auto place = static_cast<std::size_t>(term.relation);
      const std::size_t source = state.source[place];
      const index_t nodes = state.graph.nodes[source];
      T* out = state.transformed[place].template request<T>(nodes * state.width);
      multiply<T>(state, state.rows(source, 0), state.depth[source], term.nbr, nodes, out, false);
    }
  }
}

template <class T>
void layer_rows(GraphState<T>& state,
                const LayerProgram<T>& layer,
                std::size_t type,
                index_t row,
                index_t rows,
                T* out) {
  if (layer.types[type].self.empty()) {
    unfolded_rows(state, layer, type, row, rows, out);
  } else {
    folded_rows(state, layer, type, row, rows, out);
  }
}

template struct GraphState<float>;
template struct GraphState<double>;
template void prepare_layer(GraphState<float>& state, const LayerProgram<float>& layer);
template void prepare_layer(GraphState<double>& state, const LayerProgram<double>& layer);
template void layer_rows(GraphState<float>& state,
                         const LayerProgram<float>& layer,
                         std::size_t type,
                         index_t row,
                         index_t rows,
                         float* out);
template void layer_rows(GraphState<double>& state,
                         const LayerProgram<double>& layer,
                         std::size_t type,
                         index_t row,
                         index_t rows,
                         double* out);

}  // namespace gftcore::nn
