// SPDX-License-Identifier: Apache-2.0
#include "attribution/forward.hpp"

#include <algorithm>
#include <utility>

namespace gftcore::attribution {

using nn::kBlockRows;

template <class T>
Forward<T>::Forward(const PathProgram<T>& program)
    : program_(program),
      state_(program.forward),
      entries_(program.types()),
      pools_(program.types(), nn::Pools<T>(program.width())) {
  pooled_.resize(static_cast<std::size_t>(program.forward.head.front().depth));
  peaks_.resize(program.types());
  for (ScratchMemory& block : blocks_) block.template request<T>(kBlockRows * state_.widest);
}

template <class T>
void Forward<T>::enter(const PathGraph<T>& graph) {
  graph_ = &graph;
  kernels_ = active_kernels<T>();
  state_.kernels = kernels_.network;
  state_.graph = graph.local;
  for (std::size_t t = 0; t < entries_.size(); ++t) {
    state_.depth[t] = program_.forward.types[t].depth;
    if (graph.over == PathOver::nodes) enter_nodes(t);
  }
  if (graph.over == PathOver::edges) enter_edges();
}

/// The first linear layer at the baseline and its change; without one, the features themselves.
template <class T>
void Forward<T>::enter_nodes(std::size_t type) {
  const TypeProgram<T>& program = program_.forward.types[type];
  Entry<T>& entry = entries_[type];
  const index_t nodes = graph_->local.nodes[type];
  const index_t features = program.features;
  const T* x = graph_->local.x[type];
  const T* x0 = graph_->baseline[type];
  entry.width = program.depth;
  entry.start_stride = x0 == nullptr ? 0 : entry.width;
  const index_t starts = x0 == nullptr ? 1 : nodes;
  T* start = entry.start.template request<T>(starts * entry.width);
  T* step = entry.step.template request<T>(nodes * entry.width);
  std::vector<T> change(x, x + nodes * features);
  for (index_t i = 0; x0 != nullptr && i < nodes * features; ++i) {
    change[static_cast<std::size_t>(i)] -= x0[i];
  }
  if (program.pre.empty()) {
    entry.act = Activation::none;
    const auto padded = [&](const T* from, index_t rows, T* to) {
      std::fill_n(to, rows * entry.width, T{0});
      for (index_t r = 0; from != nullptr && r < rows; ++r) {
        std::copy_n(from + r * features, features, to + r * entry.width);
      }
    };
    padded(x0, starts, start);
    padded(change.data(), nodes, step);
    return;
  }
  const Dense<T>& first = program.pre.front();
  entry.act = first.act;
  const std::vector<T> none(static_cast<std::size_t>(features));
  dense(first, x0 == nullptr ? none.data() : x0, features, starts, start);
  kernels_.network.multiply({change.data(),
                             features,
                             first.weight.data(),
                             features,
                             entry.width,
                             nodes,
                             step,
                             false,
                             nullptr,
                             simd::Act::none});
  for (index_t i = 0; !first.mean.empty() && i < nodes * entry.width; ++i) {
    step[i] *= first.scale[static_cast<std::size_t>(i % entry.width)];
  }
}

/// The first layer without messages, and what they change; the blocks before it are fixed.
template <class T>
void Forward<T>::enter_edges() {
  for (std::size_t t = 0; t < entries_.size(); ++t) {
    const TypeProgram<T>& program = program_.forward.types[t];
    const index_t nodes = graph_->local.nodes[t];
    T* h = state_.h[t].template request<T>(nodes * program.depth);
    if (program.pre.empty()) std::fill_n(h, nodes * program.depth, T{0});
    const T* x = graph_->local.x[t];
    for (index_t row = 0; row < nodes; row += kBlockRows) {
      const index_t rows = std::min(kBlockRows, nodes - row);
      const T* in = x + row * program.features;
      index_t stride = program.features;
      for (std::size_t k = 0; k < program.pre.size(); ++k) {
        const bool last = k + 1 == program.pre.size();
        T* out = last ? h + row * program.depth : blocks_[k % 2].template request<T>(0);
        dense(program.pre[k], in, stride, rows, out);
        activate(out, rows, program.depth, program.pre[k].act, out);
        in = out;
        stride = program.depth;
      }
    }
    for (index_t v = 0; program.pre.empty() && v < nodes; ++v) {
      std::copy_n(x + v * program.features, program.features, h + v * program.depth);
    }
    T* fixed = entries_[t].fixed.template request<T>(nodes * program.depth);
    std::copy_n(h, nodes * program.depth, fixed);
  }
  const LayerProgram<T>& first = program_.forward.layers.front();
  const auto rows_of = [&](bool messages, std::size_t t) {
    const index_t size = graph_->local.nodes[t] * program_.width();
    ScratchMemory& memory = messages ? entries_[t].step : entries_[t].start;
    return memory.template request<T>(size);
  };
  for (const bool messages : {false, true}) {
    for (std::size_t r = 0; r < state_.graph.relations.size(); ++r) {
      std::vector<std::int32_t>& rowptr = state_.graph.relations[r].rowptr;
      rowptr = graph_->local.relations[r].rowptr;
      if (!messages) std::ranges::fill(rowptr, 0);
    }
    prepare_layer(state_, first);
    for (std::size_t t = 0; t < entries_.size(); ++t) {
      T* out = rows_of(messages, t);
      const index_t nodes = graph_->local.nodes[t];
      for (index_t row = 0; row < nodes; row += kBlockRows) {
        const index_t rows = std::min(kBlockRows, nodes - row);
        layer_rows(state_, first, t, row, rows, out + row * program_.width());
      }
    }
  }
  for (std::size_t t = 0; t < entries_.size(); ++t) {
    Entry<T>& entry = entries_[t];
    entry.width = program_.width();
    entry.start_stride = entry.width;
    entry.act = program_.act.front();
    T* step = rows_of(true, t);
    const T* start = entry.start.template data<T>();
    for (index_t i = 0; i < graph_->local.nodes[t] * entry.width; ++i) step[i] -= start[i];
  }
}

template <class T>
void Forward<T>::run(double alpha, Tape<T>& out) {
  out.alpha = alpha;
  const T at = static_cast<T>(alpha);
  if (graph_->over == PathOver::nodes) {
    for (std::size_t t = 0; t < program_.types(); ++t) run_pre(t, at, out);
  } else {
    scale_messages(at);
  }
  for (std::size_t l = 0; l < program_.layers(); ++l) run_layer(l, at, out);
  run_head(out);
}

template <class T>
void Forward<T>::scale_messages(T alpha) {
  for (std::size_t r = 0; r < state_.graph.relations.size(); ++r) {
    const std::vector<T>& scale = graph_->local.relations[r].scale;
    std::ranges::transform(
        scale, state_.graph.relations[r].scale.begin(), [&](T s) { return alpha * s; });
  }
}

template <class T>
void Forward<T>::run_pre(std::size_t type, T alpha, Tape<T>& out) {
  const TypeProgram<T>& program = program_.forward.types[type];
  const Entry<T>& entry = entries_[type];
  const index_t nodes = graph_->local.nodes[type];
  const index_t width = program.depth;
  state_.depth[type] = width;
  T* h = state_.h[type].template request<T>(nodes * width);
  const std::size_t blocks = program.pre.size();
  std::vector<T*> z;
  for (ScratchMemory& memory : out.pre[type])
    z.push_back(memory.template request<T>(nodes * width));
  if (z.empty()) z.push_back(h);
  for (index_t row = 0; row < nodes; row += kBlockRows) {
    const index_t rows = std::min(kBlockRows, nodes - row);
    const auto to = [&](std::size_t k) {
      return k + 1 >= blocks ? h + row * width : blocks_[k % 2].template request<T>(0);
    };
    kernels_.path.advance({entry.start.template data<T>() + row * entry.start_stride,
                           entry.start_stride,
                           entry.step.template data<T>() + row * width,
                           alpha,
                           rows,
                           width,
                           z.front() + row * width,
                           to(0),
                           nn::kernel_act(entry.act)});
    for (std::size_t k = 1; k < blocks; ++k) {
      T* values = z[k] + row * width;
      dense(program.pre[k], to(k - 1), width, rows, values);
      activate(values, rows, width, program.pre[k].act, to(k));
    }
  }
}

/// One layer; the last one goes on through the blocks behind it into the pools.
template <class T>
void Forward<T>::run_layer(std::size_t layer, T alpha, Tape<T>& out) {
  const bool affine = layer == 0 && graph_->over == PathOver::edges;
  if (!affine) prepare_layer(state_, program_.forward.layers[layer]);
  const bool last = layer + 1 == program_.layers();
  const index_t width = program_.width();
  for (std::size_t t = 0; t < program_.types(); ++t) {
    const index_t nodes = graph_->local.nodes[t];
    T* z = out.layer[layer][t].template request<T>(nodes * width);
    for (ScratchMemory& memory : out.post[t]) {
      if (last) memory.template request<T>(nodes * width);
    }
    T* next = last ? nullptr : state_.next[t].template request<T>(nodes * width);
    if (last) {
      pools_[t].clear();
      out.leader[t].assign(static_cast<std::size_t>(width), 0);
    }
    for (index_t row = 0; row < nodes; row += kBlockRows) {
      const index_t rows = std::min(kBlockRows, nodes - row);
      T* values = z + row * width;
      T* h = last ? blocks_[1].template request<T>(0) : next + row * width;
      if (affine) {
        const Entry<T>& entry = entries_[t];
        kernels_.path.advance({entry.start.template data<T>() + row * width,
                               width,
                               entry.step.template data<T>() + row * width,
                               alpha,
                               rows,
                               width,
                               values,
                               h,
                               nn::kernel_act(entry.act)});
      } else {
        layer_rows(state_, program_.forward.layers[layer], t, row, rows, values);
        activate(values, rows, width, program_.act[layer], h);
      }
      if (last) run_post(t, h, row, rows, out);
    }
    if (last) out.highest[t] = pools_[t].highest();
  }
  std::swap(state_.h, state_.next);
  std::ranges::fill(state_.depth, width);
}

template <class T>
void Forward<T>::run_post(std::size_t type, const T* in, index_t row, index_t rows, Tape<T>& out) {
  const std::vector<Dense<T>>& blocks = program_.forward.types[type].post;
  const index_t width = program_.width();
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    T* h = blocks_[k % 2].template request<T>(0);
    const bool kept = k + 1 < blocks.size();
    T* z = kept ? out.post[type][k].template request<T>(0) + row * width : h;
    dense(blocks[k], in, width, rows, z);
    if (kept) activate(z, rows, width, blocks[k].act, h);
    in = h;
  }
  nn::Pools<T>& pools = pools_[type];
  peaks_[type] = pools.highest();
  pools.add(kernels_.network, in, rows);
  for (std::size_t c = 0; c < peaks_[type].size(); ++c) {
    const T highest = pools.highest()[c];
    if (!(highest > peaks_[type][c])) continue;
    index_t r = 0;
    while (r + 1 < rows && in[r * width + static_cast<index_t>(c)] != highest) ++r;
    out.leader[type][c] = static_cast<std::int32_t>(row + r);
  }
}

template <class T>
void Forward<T>::run_head(Tape<T>& out) {
  T* to = pooled_.data();
  for (std::size_t t = 0; t < program_.types(); ++t) {
    for (const Pool pool : program_.forward.types[t].pools) {
      pools_[t].write(pool, graph_->local.nodes[t], to);
      to += program_.width();
    }
  }
  AlignedVector<T> in = pooled_;
  for (std::size_t k = 0; k < out.head.size(); ++k) {
    const Dense<T>& layer = program_.forward.head[k];
    out.head[k].resize(static_cast<std::size_t>(layer.width));
    dense(layer, in.data(), layer.depth, 1, out.head[k].data());
    in.resize(static_cast<std::size_t>(layer.width));
    activate(out.head[k].data(), 1, layer.width, layer.act, in.data());
  }
}

template <class T>
void Forward<T>::activate(T* z, index_t rows, index_t width, Activation act, T* h) const {
  kernels_.path.advance({nullptr, 0, nullptr, T{0}, rows, width, z, h, nn::kernel_act(act)});
}

template <class T>
void Forward<T>::dense(
    const Dense<T>& from, const T* in, index_t stride, index_t rows, T* z) const {
  kernels_.network.multiply({in,
                             stride,
                             from.weight.data(),
                             from.depth,
                             from.width,
                             rows,
                             z,
                             false,
                             from.bias.data(),
                             simd::Act::none});
  if (from.mean.empty()) return;
  for (index_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < from.mean.size(); ++c, ++z) {
      *z = (*z - from.mean[c]) * from.scale[c] + from.shift[c];
    }
  }
}

template class Forward<float>;
template class Forward<double>;

}  // namespace gftcore::attribution
