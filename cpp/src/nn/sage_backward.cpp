// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "gftcore/common/error.hpp"
#include "nn/blocks.hpp"
#include "nn/sage_common.hpp"

namespace gftcore {
namespace {

using namespace nn;

/// Rows whose share of a weight's derivative is one partial sum.
constexpr index_t kRows = 256;

simd::Below below_of(Activation act) {
  switch (act) {
    case Activation::none:
      break;
    case Activation::relu:
      return simd::Below::zero;
    case Activation::leaky:
      return simd::Below::leaky;
    case Activation::elu:
      return simd::Below::result;
  }
  return simd::Below::one;
}

/// One derivative by a weight as a sum of partial sums, one a block.
template <class T>
struct Partials {
  T* values = nullptr;  // [blocks, size]
  index_t blocks = 0;
  index_t size = 0;
  T* out = nullptr;  // [size]

  T* block(index_t row) const { return values + row / kRows * size; }
};

template <class T>
class Backward {
 public:
  Backward(const SageLayer<T>& layer,
           const std::vector<MatrixView<const T>>& g,
           const std::vector<MatrixView<const T>>& out,
           const SageGradients<T>& gradients,
           Padding<T>& padding)
      : layer_(layer), g_(g), out_(out), to_(gradients), plan_(plan_of(layer)) {
    width_ = width_of(layer);
    for (const auto& one : layer.self) self_.push_back(padding.transposed(one));
    for (const auto& one : layer.nbr) nbr_.push_back(padding.transposed(one));
    index_t most = 0;
    for (const index_t nodes : plan_.nodes) most = std::max(most, nodes);
    ones_.assign(static_cast<std::size_t>(most), T{1});
    reserve();
  }

  void run(int threads) {
    const std::vector<RowBlock> blocks = blocks_of(plan_.nodes, kRows);
    // Edges need the slopes of all blocks; without them a block is done while it is in the cache.
    const bool alone = layer_.edges.empty();
    for_each_in_threads(blocks.size(), threads, [&](std::size_t i) {
      into_targets(blocks[i]);
      if (alone) out_of_sources(blocks[i]);
    });
    if (!alone) {
      for_each_in_threads(
          blocks.size(), threads, [&](std::size_t i) { out_of_sources(blocks[i]); });
    }
    for_each_in_threads(partials_.size(), threads, [&](std::size_t i) { reduce(partials_[i]); });
  }

 private:
  void reserve() {
    const std::size_t types = layer_.h.size();
    std::size_t place = 0;
    const auto memory = [&](index_t size) {
      return layer_scratch().at(place++).template request<T>(size);
    };
    const auto partials = [&](index_t rows, index_t size, T* out) {
      const index_t blocks = (rows + kRows - 1) / kRows;
      partials_.push_back({memory(blocks * size), blocks, size, out});
    };
    for (std::size_t t = 0; t < types; ++t) {
      const bool same = layer_.act == Activation::none;
      own_.push_back(same ? nullptr : memory(plan_.nodes[t] * width_));
      slope_.push_back(same ? g_[t].data : own_.back());
    }
    for (std::size_t r = 0; r < layer_.edges.size(); ++r) {
      const LayerEdges& edges = layer_.edges[r];
      const index_t depth = layer_.h[source_of(edges)].cols;
      const bool first = plan_.pulls_first[r];
      pulled_.push_back(memory(first ? 0 : plan_.nodes[target_of(edges)] * depth));
    }
    for (std::size_t t = 0; t < types; ++t) {
      partials(plan_.nodes[t], layer_.h[t].cols * width_, to_.self[t].data);
    }
    for (std::size_t t = 0; t < types; ++t) partials(plan_.nodes[t], width_, to_.bias[t].data());
    for (std::size_t r = 0; r < layer_.edges.size(); ++r) {
      const LayerEdges& edges = layer_.edges[r];
      const bool first = plan_.pulls_first[r];
      const std::size_t t = first ? source_of(edges) : target_of(edges);
      const index_t depth = layer_.h[source_of(edges)].cols;
      partials(plan_.nodes[t], depth * width_, to_.nbr[r].data);
    }
  }

  const Partials<T>& self_partials(std::size_t t) const { return partials_[t]; }
  const Partials<T>& bias_partials(std::size_t t) const { return partials_[layer_.h.size() + t]; }
  const Partials<T>& nbr_partials(std::size_t r) const {
    return partials_[2 * layer_.h.size() + r];
  }

  /// What a block of nodes gives to the relations into it that gather first.
  void into_targets(const RowBlock& block) {
    const std::size_t t = block.which;
    const T* slope = sloped(block);
    for (const std::size_t r : plan_.into[t]) {
      if (plan_.pulls_first[r]) continue;
      const LayerEdges& edges = layer_.edges[r];
      const MatrixView<const T>& from = layer_.h[source_of(edges)];
      thread_local ScratchMemory memory;
      T* mean = memory.template request<T>(kRows * from.cols);
      plan_.kernels.gather({from.data,
                            edges.rowptr.data() + block.row,
                            edges.col.data(),
                            plan_.inv_deg[r].data() + block.row,
                            nullptr,
                            block.rows,
                            from.cols,
                            mean,
                            false});
      outer(mean, from.cols, slope, block.rows, nbr_partials(r).block(block.row));
      multiply(slope, width_, nbr_[r], block.rows, pulled_[r] + block.row * from.cols, false);
    }
  }

  /// g times the slope of the activation, and its sums over the block's rows.
  const T* sloped(const RowBlock& block) {
    const std::size_t t = block.which;
    const index_t first = block.row * width_;
    plan_.outer.slope({g_[t].data + first,
                       out_[t].data + first,
                       block.rows,
                       width_,
                       below_of(layer_.act),
                       own_[t] == nullptr ? nullptr : own_[t] + first,
                       bias_partials(t).block(block.row)});
    return slope_[t] + first;
  }

  /// What a block of nodes gives and gets by itself, and as sources of edges.
  void out_of_sources(const RowBlock& block) {
    const std::size_t s = block.which;
    const MatrixView<const T>& h = layer_.h[s];
    T* to = to_.h[s].data + block.row * h.cols;
    const T* from = h.data + block.row * h.cols;
    const T* slope = slope_[s] + block.row * width_;
    outer(from, h.cols, slope, block.rows, self_partials(s).block(block.row));
    multiply(slope, width_, self_[s], block.rows, to, false);
    for (const std::size_t r : plan_.out_of[s]) {
      const LayerEdges& edges = layer_.edges[r];
      const auto pull = [&](const T* in, index_t width, T* out, bool add) {
        plan_.kernels.gather({in,
                              edges.colptr.data() + block.row,
                              edges.row.data(),
                              ones_.data(),
                              plan_.inv_deg[r].data(),
                              block.rows,
                              width,
                              out,
                              add});
      };
      if (!plan_.pulls_first[r]) {
        pull(pulled_[r], h.cols, to, true);
        continue;
      }
      thread_local ScratchMemory memory;
      T* back = memory.template request<T>(kRows * width_);
      pull(slope_[target_of(edges)], width_, back, false);
      outer(from, h.cols, back, block.rows, nbr_partials(r).block(block.row));
      multiply(back, width_, nbr_[r], block.rows, to, true);
    }
  }

  void reduce(const Partials<T>& from) const {
    std::fill_n(from.out, from.size, T{0});
    for (index_t b = 0; b < from.blocks; ++b) {
      const T* values = from.values + b * from.size;
      for (index_t i = 0; i < from.size; ++i) from.out[i] += values[i];
    }
  }

  void outer(const T* left, index_t height, const T* right, index_t rows, T* out) const {
    plan_.outer.outer({left, right, rows, height, width_, out});
  }

  void multiply(const T* in,
                index_t depth,
                const MatrixView<const T>& weight,
                index_t rows,
                T* out,
                bool add) const {
    plan_.kernels.multiply(
        {in, depth, weight.data, depth, weight.cols, rows, out, add, nullptr, simd::Act::none});
  }

  const SageLayer<T>& layer_;
  const std::vector<MatrixView<const T>>& g_;
  const std::vector<MatrixView<const T>>& out_;
  const SageGradients<T>& to_;
  LayerPlan<T> plan_;
  index_t width_ = 0;
  std::vector<MatrixView<const T>> self_, nbr_;  // transposed
  std::vector<T> ones_;
  std::vector<const T*> slope_;  // of each type: g times the slope [N_t, W]
  std::vector<T*> own_;          // the same memory, unless it is that of g
  std::vector<T*> pulled_;       // of each relation that gathers first: that times M^T [N_t, D_s]
  std::vector<Partials<T>> partials_;
};

}  // namespace

template <class T>
void sage_layer_backward(const SageLayer<T>& layer,
                         const std::vector<MatrixView<const T>>& g,
                         const std::vector<MatrixView<const T>>& out,
                         int threads,
                         const SageGradients<T>& gradients) {
  check_layer(layer, threads);
  check_outputs(layer, g, "g");
  check_outputs(layer, out, "out");
  const auto same = [](const auto& a, const auto& b) {
    return std::ranges::equal(
        a, b, [](const auto& x, const auto& y) { return x.rows == y.rows && x.cols == y.cols; });
  };
  bool fit = same(gradients.h, layer.h) && same(gradients.self, layer.self) &&
             same(gradients.nbr, layer.nbr) && gradients.bias.size() == layer.h.size();
  for (const std::span<T>& one : gradients.bias) fit = fit && std::ssize(one) == width_of(layer);
  if (!fit) throw ShapeError("derivatives must have the shapes of what they belong to");
  Padding<T> padding;
  const SageLayer<T> padded = padded_layer(layer, padding);
  const index_t width = width_of(padded);
  std::vector<MatrixView<const T>> gs;
  std::vector<MatrixView<const T>> outs;
  SageGradients<T> to;
  for (std::size_t t = 0; t < layer.h.size(); ++t) {
    gs.push_back(padding.in(g[t], g[t].rows, width));
    outs.push_back(padding.in(out[t], out[t].rows, width));
    const MatrixView<const T>& h = padded.h[t];
    to.h.push_back(padding.out(gradients.h[t], h.rows, h.cols));
    to.self.push_back(padding.out(gradients.self[t], h.cols, width));
    const std::span<T>& bias = gradients.bias[t];
    to.bias.emplace_back(padding.out({bias.data(), 1, std::ssize(bias)}, 1, width).data,
                         static_cast<std::size_t>(width));
  }
  for (std::size_t r = 0; r < layer.nbr.size(); ++r) {
    to.nbr.push_back(padding.out(gradients.nbr[r], padded.nbr[r].rows, width));
  }
  Backward<T>(padded, gs, outs, to, padding).run(threads);
  padding.finish();
}

template void sage_layer_backward(const SageLayer<float>& layer,
                                  const std::vector<MatrixView<const float>>& g,
                                  const std::vector<MatrixView<const float>>& out,
                                  int threads,
                                  const SageGradients<float>& gradients);
template void sage_layer_backward(const SageLayer<double>& layer,
                                  const std::vector<MatrixView<const double>>& g,
                                  const std::vector<MatrixView<const double>>& out,
                                  int threads,
                                  const SageGradients<double>& gradients);

}  // namespace gftcore
