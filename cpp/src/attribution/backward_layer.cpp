// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "attribution/backward.hpp"

namespace gftcore::attribution {
namespace {

template <class T>
const T* inputs_of(const Forward<T>& forward, std::size_t type) {
  return forward.entry(type).fixed.template data<T>();
}

}  // namespace

/// Whether the multipliers of a relation's targets go to its sources before its matrix turned
/// takes them; the graph alone decides.
template <class T>
bool Backward<T>::pulls_first(std::size_t relation) const {
  const nn::LocalEdges<T>& edges = graph_->local.relations[relation];
  return !program_.unfolded && edges.sources <= edges.targets;
}

template <class T>
std::vector<const T*> Backward<T>::g_rows() const {
  std::vector<const T*> out;
  for (const ScratchMemory& memory : g_) out.push_back(memory.template data<T>());
  return out;
}

/// From a layer's values to what the layer reads, and through the activation before it.
template <class T>
void Backward<T>::through_layer(std::size_t layer, const Ends& ends, PartSums<T>& sums) {
  take_messages(layer, g_rows(), false);
  if (graph_->over == PathOver::edges) add_edges(layer, ends, sums);
  const index_t width = program_.width();
  for (std::size_t t = 0; t < program_.types(); ++t) {
    const Site site = site_below(layer, t, ends);
    T* next = next_[t].template request<T>(layer > 0 ? graph_->local.nodes[t] * width : 0);
    for (const Rows& rows : blocks_of(t)) {
      if (program_.unfolded) {
        unfolded_rows(layer, rows, block(0));
      } else {
        folded_rows(layer, rows, block(0));
      }
      if (layer > 0) {
        quotient(block(0), width, site, rows, width, next + rows.first * width);
      } else {
        through_pre(ends, rows, block(0), sums);
      }
    }
  }
  std::swap(g_, next_);
}

/// Multipliers of the means of relations: of all, or of those that do not go to the sources first.
template <class T>
void Backward<T>::take_messages(std::size_t layer, const std::vector<const T*>& g, bool all) {
  const LayerProgram<T>& from = program_.forward.layers[layer];
  for (std::size_t t = 0; t < from.types.size(); ++t) {
    const TurnedLayer<T>& turned = program_.layer[layer][t];
    const index_t nodes = graph_->local.nodes[t];
    for (std::size_t i = 0; i < from.types[t].terms.size(); ++i) {
      const auto r = static_cast<std::size_t>(from.types[t].terms[i].relation);
      if (!all && pulls_first(r)) continue;
      const T* in = g[t];
      if (program_.unfolded) {
        const index_t size = nodes * program_.width();
        T* term = term_[r].template request<T>(size);
        if (turned.mix[i].weight.empty()) {
          std::copy_n(in, size, term);
        } else {
          multiply(in, turned.mix[i], nodes, term, false);
        }
        for (index_t k = 0; k < size; ++k) term[k] *= from.types[t].share;
        in = term;
      }
      T* out = pulled_[r].template request<T>(nodes * turned.nbr[i].depth);
      multiply(in, turned.nbr[i], nodes, out, false);
    }
  }
}

template <class T>
void Backward<T>::gather(
    std::size_t relation, const T* in, index_t width, const Rows& rows, T* out, bool add) {
  const SourceEdges<T>& edges = graph_->by_source[relation];
  kernels_.network.gather({in,
                           edges.colptr.data() + rows.first,
                           edges.row.data(),
                           edges.scale.data() + rows.first,
                           message_scale_[relation].data(),
                           rows.count,
                           width,
                           out,
                           add});
}

template <class T>
void Backward<T>::folded_rows(std::size_t layer, const Rows& rows, T* out) {
  const index_t width = program_.width();
  const std::vector<TurnedLayer<T>>& turned = program_.layer[layer];
  const T* own = g_[rows.type].template data<T>() + rows.first * width;
  multiply(own, turned[rows.type].self, rows.count, out, false);
  for (const Use& use : uses_[rows.type]) {
    const Turned<T>& nbr = turned[use.target].nbr[use.term];
    if (!pulls_first(use.relation)) {
      const T* pulled = pulled_[use.relation].template data<T>();
      gather(use.relation, pulled, nbr.depth, rows, out, true);
      continue;
    }
    gather(use.relation, g_[use.target].template data<T>(), width, rows, block(1), false);
    multiply(block(1), nbr, rows.count, out, true);
  }
}

template <class T>
void Backward<T>::unfolded_rows(std::size_t layer, const Rows& rows, T* out) {
  const index_t width = program_.width();
  const TypeLayer<T>& from = program_.forward.layers[layer].types[rows.type];
  const TurnedLayer<T>& turned = program_.layer[layer][rows.type];
  const index_t skipped = rows.first * width;
  const index_t depth = layer > 0 ? width : program_.forward.types[rows.type].depth;
  if (from.skip) {
    std::copy_n(g_[rows.type].template data<T>() + skipped, rows.count * width, out);
  } else {
    std::fill_n(out, rows.count * depth, T{0});
  }
  for (std::size_t i = 0; i < from.terms.size(); ++i) {
    if (turned.root[i].weight.empty()) continue;
    const auto r = static_cast<std::size_t>(from.terms[i].relation);
    multiply(term_[r].template data<T>() + skipped, turned.root[i], rows.count, out, true);
  }
  for (const Use& use : uses_[rows.type]) {
    gather(use.relation, pulled_[use.relation].template data<T>(), depth, rows, out, true);
  }
}

/// What a layer reads, in the middle between both ends.
template <class T>
void Backward<T>::take_means(std::size_t layer, const Ends& ends) {
  const index_t width = program_.width();
  for (std::size_t t = 0; t < program_.types(); ++t) {
    const Site site = site_below(layer, t, ends);
    T* out = mean_[t].template request<T>(graph_->local.nodes[t] * width);
    const auto advance = [&](const T* z, const Rows& rows, T* h) {
      T* values = const_cast<T*>(z) + rows.first * width;  // it is only read
      forward_.activate(values, rows.count, width, site.act, h);
    };
    for (const Rows& rows : blocks_of(t)) {
      T* to = out + rows.first * width;
      advance(site.a, rows, to);
      if (site.a == site.b) continue;
      advance(site.b, rows, block(0));
      const T* other = block(0);
      for (index_t i = 0; i < rows.count * width; ++i) to[i] = (to[i] + other[i]) / 2;
    }
  }
}

/// Multipliers of the factors of all messages in a layer behind the first one.
template <class T>
void Backward<T>::add_edges(std::size_t layer, const Ends& ends, PartSums<T>& sums) {
  take_means(layer, ends);
  const index_t width = program_.width();
  for (std::size_t s = 0; s < program_.types(); ++s) {
    const index_t nodes = graph_->local.nodes[s];
    const T* mean = mean_[s].template data<T>();
    for (const Use& use : uses_[s]) {
      T* out = sums.edges[layer - 1][use.relation].data();
      if (!pulls_first(use.relation)) {
        const T* pulled = pulled_[use.relation].template data<T>();
        dot(use.relation, pulled, mean, width, ends.weight, out);
        continue;
      }
      const TypeLayer<T>& target = program_.forward.layers[layer].types[use.target];
      T* sent = pulled_[use.relation].template request<T>(nodes * width);
      kernels_.network.multiply({mean,
                                 width,
                                 target.terms[use.term].nbr.data(),
                                 width,
                                 width,
                                 nodes,
                                 sent,
                                 false,
                                 nullptr,
                                 simd::Act::none});
      dot(use.relation, g_[use.target].template data<T>(), sent, width, ends.weight, out);
    }
  }
}

template <class T>
void Backward<T>::dot(
    std::size_t relation, const T* left, const T* right, index_t width, T weight, T* out) {
  const nn::LocalEdges<T>& edges = graph_->local.relations[relation];
  kernels_.path.edge_dot({left,
                          right,
                          edges.rowptr.data(),
                          edges.col.data(),
                          edges.scale.data(),
                          weight,
                          edges.targets,
                          width,
                          out});
}

template <class T>
std::vector<std::vector<T>> Backward<T>::parts(const PartSums<T>& sums) {
  if (graph_->over == PathOver::edges) return edge_parts(sums);
  std::vector<std::vector<T>> out;
  for (std::size_t t = 0; t < program_.types(); ++t) {
    const TypeProgram<T>& type = program_.forward.types[t];
    const index_t features = type.features;
    const index_t width = forward_.entry(t).width;
    std::vector<T>& to = out.emplace_back();
    to.reserve(static_cast<std::size_t>(graph_->local.nodes[t] * features));
    AlignedVector<T> turned;
    for (const Rows& rows : blocks_of(t)) {
      const T* from = sums.entry[t].data() + rows.first * width;
      index_t stride = width;
      if (!type.pre.empty()) {
        const Turned<T>& first = program_.pre[t].front();
        std::copy_n(from, rows.count * width, block(0));
        stride = first.depth;
        turned.resize(static_cast<std::size_t>(nn::kBlockRows * stride));
        pull(type.pre.front(), first, block(0), rows.count, turned.data());
        from = turned.data();
      }
      for (index_t r = 0; r < rows.count; ++r, from += stride) {
        to.insert(to.end(), from, from + features);
      }
    }
  }
  return out;
}

template <class T>
std::vector<std::vector<T>> Backward<T>::edge_parts(const PartSums<T>& sums) {
  std::vector<std::vector<T>> out;
  for (const nn::LocalEdges<T>& edges : graph_->local.relations) {
    out.emplace_back(edges.col.size() * program_.layers());
  }
  std::vector<const T*> g;
  for (const AlignedVector<T>& entry : sums.entry) g.push_back(entry.data());
  take_messages(0, g, true);
  for (std::size_t s = 0; s < program_.types(); ++s) {
    for (const Use& use : uses_[s]) {
      const T* pulled = pulled_[use.relation].template data<T>();
      const index_t depth = program_.layer.front()[use.target].nbr[use.term].depth;
      T* to = out[use.relation].data();
      dot(use.relation, pulled, inputs_of(forward_, s), depth, T{1}, to);
      add_folded_bias(use, sums.entry[use.target], to);
    }
  }
  for (std::size_t l = 1; l < program_.layers(); ++l) {
    for (std::size_t r = 0; r < out.size(); ++r) {
      const AlignedVector<T>& from = sums.edges[l - 1][r];
      std::ranges::copy(from, out[r].begin() + std::ssize(from) * static_cast<index_t>(l));
    }
  }
  return out;
}

/// A bias that is folded into the first layer is part of the messages.
template <class T>
void Backward<T>::add_folded_bias(const Use& use, const AlignedVector<T>& g, T* out) const {
  const TypeLayer<T>& target = program_.forward.layers.front().types[use.target];
  if (!target.by_pattern) return;
  const index_t width = program_.width();
  const T* none = target.bias.data();
  const T* reached = none + (index_t{1} << use.term) * width;
  const nn::LocalEdges<T>& edges = graph_->local.relations[use.relation];
  for (std::size_t v = 0; v < edges.scale.size(); ++v) {
    const T* row = g.data() + static_cast<index_t>(v) * width;
    double sum = 0;
    for (index_t c = 0; c < width; ++c) {
      sum += static_cast<double>(row[c]) * static_cast<double>(reached[c] - none[c]);
    }
    for (std::int32_t e = edges.rowptr[v]; e < edges.rowptr[v + 1]; ++e) {
      out[e] += edges.scale[v] * static_cast<T>(sum);
    }
  }
}

template void Backward<float>::through_layer(std::size_t layer,
                                             const Ends& ends,
                                             PartSums<float>& sums);
template void Backward<double>::through_layer(std::size_t layer,
                                              const Ends& ends,
                                              PartSums<double>& sums);
template std::vector<std::vector<float>> Backward<float>::parts(const PartSums<float>& sums);
template std::vector<std::vector<double>> Backward<double>::parts(const PartSums<double>& sums);

}  // namespace gftcore::attribution
