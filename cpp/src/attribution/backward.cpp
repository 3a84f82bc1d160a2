// SPDX-License-Identifier: Apache-2.0
#include "attribution/backward.hpp"

#include <algorithm>
#include <utility>

namespace gftcore::attribution {
namespace {

template <class T>
void clear(AlignedVector<T>& values, index_t size) {
  values.assign(static_cast<std::size_t>(size), T{0});
}

}  // namespace

template <class T>
void PartSums<T>::clear(const PathProgram<T>& program,
                        const PathGraph<T>& graph,
                        const Forward<T>& forward) {
  entry.resize(program.types());
  for (std::size_t t = 0; t < entry.size(); ++t) {
    attribution::clear(entry[t], graph.local.nodes[t] * forward.entry(t).width);
  }
  edges.clear();
  if (graph.over == PathOver::nodes) return;
  edges.resize(program.layers() - 1);
  for (std::vector<AlignedVector<T>>& layer : edges) {
    for (const nn::LocalEdges<T>& relation : graph.local.relations) {
      attribution::clear(layer.emplace_back(), std::ssize(relation.col));
    }
  }
}

template <class T>
Backward<T>::Backward(const PathProgram<T>& program, const Forward<T>& forward)
    : program_(program),
      forward_(forward),
      uses_(program.types()),
      message_scale_(program.forward.relations.size()),
      g_(program.types()),
      next_(program.types()),
      mean_(program.types()),
      term_(program.forward.relations.size()),
      pulled_(program.forward.relations.size()) {
  index_t widest = program.width();
  for (const TypeProgram<T>& type : program.forward.types) widest = std::max(widest, type.depth);
  for (ScratchMemory& memory : blocks_) memory.template request<T>(nn::kBlockRows * widest);
  const LayerProgram<T>& first = program.forward.layers.front();
  for (std::size_t t = 0; t < first.types.size(); ++t) {
    for (std::size_t i = 0; i < first.types[t].terms.size(); ++i) {
      const auto relation = static_cast<std::size_t>(first.types[t].terms[i].relation);
      const auto source = static_cast<std::size_t>(program.forward.relations[relation].source);
      uses_[source].push_back({relation, t, i});
    }
  }
}

template <class T>
void Backward<T>::enter(const PathGraph<T>& graph) {
  graph_ = &graph;
  kernels_ = active_kernels<T>();
}

template <class T>
void Backward<T>::run(const Tape<T>& a,
                      const Tape<T>& b,
                      std::vector<double> logits,
                      double weight,
                      const PanelAccess& access,
                      PartSums<T>& sums) {
  const Ends ends{a, b, static_cast<T>(weight)};
  access_ = access;
  if (access_) prepare_decisions(logits.size());
  const bool edges = graph_->over == PathOver::edges;
  const T factor = edges ? static_cast<T>((a.alpha + b.alpha) / 2) : T{1};
  for (std::size_t r = 0; r < message_scale_.size(); ++r) {
    message_scale_[r] = graph_->local.relations[r].scale;
    for (T& scale : message_scale_[r]) scale *= factor;
  }
  const std::vector<T> pooled = through_head(ends, std::move(logits));
  const T* next = pooled.data();
  for (std::size_t t = 0; t < program_.types(); ++t) {
    through_post(t, ends, next);
    next += std::ssize(program_.forward.types[t].pools) * program_.width();
  }
  for (std::size_t l = program_.layers(); l-- > (edges ? 1 : 0);) through_layer(l, ends, sums);
  if (!edges) return;
  for (std::size_t t = 0; t < program_.types(); ++t) {
    const T* g = g_[t].template data<T>();
    for (T& sum : sums.entry[t]) sum += ends.weight * *g++;
  }
}

/// Room for what is written, or a look at what is obeyed. Rows are looked at where they are read.
template <class T>
void Backward<T>::prepare_decisions(std::size_t logits) {
  PanelDecisions& panel = *access_.panel;
  const std::size_t types = program_.types();
  if (access_.written()) {
    panel.head.resize(program_.forward.head.size() - 1);
    panel.activations.resize(types);
    for (std::size_t t = 0; t < types; ++t) {
      panel.activations[t].resize(program_.places[t].count);
    }
    panel.peaks.resize(types);
    return;
  }
  bool fits = logits == static_cast<std::size_t>(program_.forward.classes) &&
              panel.head.size() + 1 == program_.forward.head.size() &&
              panel.activations.size() == types && panel.peaks.size() == types;
  for (std::size_t t = 0; fits && t < types; ++t) {
    fits = panel.activations[t].size() == program_.places[t].count;
  }
  require_same_run(fits);
}

/// Multipliers of the pools.
template <class T>
std::vector<T> Backward<T>::through_head(const Ends& ends, std::vector<double> logits) {
  const std::vector<Dense<T>>& head = program_.forward.head;
  const simd::PathKernels<double> exact = simd::path_exact();
  Decider<double> decider;
  std::vector<double> g = std::move(logits);
  for (std::size_t k = head.size(); k-- > 0;) {
    const Dense<T>& layer = head[k];
    g.resize(static_cast<std::size_t>(layer.width));
    const std::vector<double> a(ends.a.head[k].begin(), ends.a.head[k].end());
    const std::vector<double> b(ends.b.head[k].begin(), ends.b.head[k].end());
    const double* end = &ends.a == &ends.b ? a.data() : b.data();
    const simd::Act act = nn::kernel_act(layer.act);
    const simd::QuotientJob<double> job{
        g.data(), 0, a.data(), end, 1, layer.width, act, false, 1.0, g.data()};
    if (access_ && k + 1 < head.size()) {
      const KeptMultipliers kept{&access_.panel->head[k], 1, program_.forward.hidden, 0};
      decider.quotient(exact, job, kept, access_.obeyed);
    } else {
      exact.quotient(job);
    }
    std::vector<double> in(static_cast<std::size_t>(layer.depth));
    const T* weight = layer.weight.data();
    for (double& sum : in) {
      for (const double one : g) sum += one * static_cast<double>(*weight++);
    }
    g = std::move(in);
  }
  return {g.begin(), g.end()};
}

template <class T>
auto Backward<T>::top(std::size_t type, const Ends& ends, const T* pooled) -> Top {
  const TypeProgram<T>& program = program_.forward.types[type];
  const index_t width = program_.width();
  const auto nodes = static_cast<T>(graph_->local.nodes[type]);
  AlignedVector<T> all(static_cast<std::size_t>(width));
  for (std::size_t p = 0; p < program.pools.size(); ++p) {
    if (program.pools[p] == Pool::max) continue;
    const T share = program.pools[p] == Pool::mean ? T{1} / nodes : T{1};
    const T* g = pooled + static_cast<index_t>(p) * width;
    for (T& sum : all) sum += share * *g++;
  }
  Top out{all, {}};
  if (program_.has_post()) {
    pull(program.post.back(), program_.post[type].back(), all.data(), 1, out.g.data());
  }
  for (std::size_t p = 0; p < program.pools.size(); ++p) {
    if (program.pools[p] != Pool::max) continue;
    add_peaks(type, ends, pooled + static_cast<index_t>(p) * width, out);
  }
  return out;
}

template <class T>
void Backward<T>::top_rows(const Top& from, const Site& site, const Rows& rows, T* out) {
  const index_t width = program_.width();
  quotient(from.g.data(), 0, site, rows, width, out);
  const index_t end = rows.first + rows.count;
  for (auto peak = from.peaks.lower_bound(rows.first);
       peak != from.peaks.end() && peak->first < end;
       ++peak) {
    const Rows one{rows.type, peak->first, 1};
    quotient(peak->second.data(), 0, site, one, width, out + (peak->first - rows.first) * width);
  }
}

/// Multipliers of the last layer's values.
template <class T>
void Backward<T>::through_post(std::size_t type, const Ends& ends, const T* pooled) {
  const std::vector<Dense<T>>& post = program_.forward.types[type].post;
  const index_t width = program_.width();
  T* out = g_[type].template request<T>(graph_->local.nodes[type] * width);
  const Top from = top(type, ends, pooled);
  const Site layer = site_below(program_.layers(), type, ends);
  const auto site = [&](std::size_t k) {
    return Site{ends.a.post[type][k].template data<T>(),
                ends.b.post[type][k].template data<T>(),
                post[k].act,
                program_.places[type].post[k]};
  };
  for (const Rows& rows : blocks_of(type)) {
    T* to = out + rows.first * width;
    if (post.size() < 2) {
      top_rows(from, layer, rows, to);
      continue;
    }
    top_rows(from, site(post.size() - 2), rows, block(0));
    for (std::size_t k = post.size() - 1; k-- > 0;) {
      pull(post[k], program_.post[type][k], block(0), rows.count, block(1));
      quotient(block(1), width, k == 0 ? layer : site(k - 1), rows, width, k == 0 ? to : block(0));
    }
  }
}

/// From what the first layer reads to sums at the entry.
template <class T>
void Backward<T>::through_pre(const Ends& ends, const Rows& rows, const T* g, PartSums<T>& sums) {
  const std::size_t t = rows.type;
  const std::vector<Dense<T>>& pre = program_.forward.types[t].pre;
  const index_t width = forward_.entry(t).width;
  for (std::size_t k = pre.size(); k-- > 1;) {
    const Site site{ends.a.pre[t][k].template data<T>(),
                    ends.b.pre[t][k].template data<T>(),
                    pre[k].act,
                    program_.places[t].pre[k]};
    quotient(g, width, site, rows, width, block(1));
    pull(pre[k], program_.pre[t][k], block(1), rows.count, block(2));
    g = block(2);
  }
  Site site;
  const index_t skipped = rows.first * width;
  if (!pre.empty()) {
    site = {ends.a.pre[t][0].template data<T>() + skipped,
            ends.b.pre[t][0].template data<T>() + skipped,
            pre[0].act,
            program_.places[t].pre[0]};
  }
  run_quotient({g,
                width,
                site.a,
                site.b,
                rows.count,
                width,
                nn::kernel_act(site.act),
                true,
                ends.weight,
                sums.entry[t].data() + skipped},
               site,
               rows);
}

/// What lies before a layer: the layer or the block before it.
template <class T>
auto Backward<T>::site_below(std::size_t layer, std::size_t type, const Ends& ends) const -> Site {
  if (layer > 0) {
    return {ends.a.layer[layer - 1][type].template data<T>(),
            ends.b.layer[layer - 1][type].template data<T>(),
            program_.act[layer - 1],
            program_.places[type].layer[layer - 1]};
  }
  return {};
}

template <class T>
auto Backward<T>::blocks_of(std::size_t type) const -> std::vector<Rows> {
  std::vector<Rows> out;
  const index_t nodes = graph_->local.nodes[type];
  for (index_t row = 0; row < nodes; row += nn::kBlockRows) {
    out.push_back({type, row, std::min(nn::kBlockRows, nodes - row)});
  }
  return out;
}

/// Back through x W + b and its norm; `g` is overwritten.
template <class T>
void Backward<T>::pull(
    const Dense<T>& from, const Turned<T>& turned, T* g, index_t rows, T* out) const {
  for (index_t r = 0; !from.mean.empty() && r < rows; ++r) {
    for (index_t c = 0; c < from.width; ++c) {
      g[r * from.width + c] *= from.scale[static_cast<std::size_t>(c)];
    }
  }
  multiply(g, turned, rows, out, false);
}

template <class T>
void Backward<T>::multiply(const T* in, const Turned<T>& by, index_t rows, T* out, bool add) const {
  const index_t width = program_.width();
  kernels_.network.multiply(
      {in, width, by.weight.data(), width, by.depth, rows, out, add, nullptr, simd::Act::none});
}

template <class T>
void Backward<T>::quotient(
    const T* g, index_t stride, const Site& site, const Rows& rows, index_t width, T* out) {
  const index_t skipped = site.a == nullptr ? 0 : rows.first * width;
  run_quotient({g,
                stride,
                site.a + skipped,
                site.b + skipped,
                rows.count,
                width,
                nn::kernel_act(site.act),
                false,
                T{1},
                out},
               site,
               rows);
}

template <class T>
void Backward<T>::run_quotient(const simd::QuotientJob<T>& job,
                               const Site& site,
                               const Rows& rows) {
  if (!access_ || site.act == Activation::none) {
    kernels_.path.quotient(job);
    return;
  }
  const KeptMultipliers kept{&access_.panel->activations[rows.type][site.place],
                             graph_->local.nodes[rows.type],
                             program_.forward.hidden,
                             rows.first};
  decider_.quotient(kernels_.path, job, kept, access_.obeyed);
}

template struct PartSums<float>;
template struct PartSums<double>;
template class Backward<float>;
template class Backward<double>;

}  // namespace gftcore::attribution
