// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "gftcore/common/error.hpp"
#include "nn/blocks.hpp"
#include "nn/sage_common.hpp"

namespace gftcore {
namespace {

using namespace nn;

/// Sums of a block stay in the first cache while relations add to them.
constexpr index_t kRows = 96;

template <class T>
class Forward {
 public:
  Forward(const SageLayer<T>& layer,
          const std::vector<MatrixView<const T>>& bias,
          const std::vector<MatrixView<T>>& out)
      : layer_(layer), bias_(bias), out_(out), plan_(plan_of(layer)) {}

  void run(int threads) {
    transform(threads);
    const std::vector<RowBlock> blocks = blocks_of(plan_.nodes, kRows);
    for_each_in_threads(blocks.size(), threads, [&](std::size_t i) { rows(blocks[i]); });
  }

 private:
  /// Sources of relations that have fewer of them than targets, times M.
  void transform(int threads) {
    const index_t width = width_of(layer_);
    transformed_.resize(layer_.edges.size());
    std::vector<index_t> sizes;
    for (std::size_t r = 0; r < layer_.edges.size(); ++r) {
      const index_t nodes = plan_.nodes[source_of(layer_.edges[r])];
      sizes.push_back(plan_.transforms_first[r] ? nodes : 0);
      transformed_[r] = layer_scratch().at(r).template request<T>(sizes.back() * width);
    }
    const std::vector<RowBlock> blocks = blocks_of(sizes, kRows);
    for_each_in_threads(blocks.size(), threads, [&](std::size_t i) {
      const RowBlock& block = blocks[i];
      const MatrixView<const T>& h = layer_.h[source_of(layer_.edges[block.which])];
      T* to = transformed_[block.which] + block.row * width;
      multiply(h, block, layer_.nbr[block.which], to, false, nullptr, simd::Act::none);
    });
  }

  void rows(const RowBlock& block) {
    const std::size_t t = block.which;
    const index_t width = width_of(layer_);
    const simd::Act act = kernel_act(layer_.act);
    T* out = out_[t].data + block.row * width;
    const auto later = [&](std::size_t r) { return !plan_.transforms_first[r]; };
    auto left = std::ranges::count_if(plan_.into[t], later);
    const bool alone = plan_.into[t].empty();
    multiply(layer_.h[t],
             block,
             layer_.self[t],
             out,
             false,
             bias_[t].data,
             alone ? act : simd::Act::none);
    for (const std::size_t r : plan_.into[t]) {
      if (plan_.transforms_first[r]) gather(r, transformed_[r], width, block, out, true);
    }
    for (const std::size_t r : plan_.into[t]) {
      if (plan_.transforms_first[r]) continue;
      const MatrixView<const T>& h = layer_.h[source_of(layer_.edges[r])];
      thread_local ScratchMemory memory;
      T* mean = memory.template request<T>(kRows * h.cols);
      gather(r, h.data, h.cols, block, mean, false);
      const simd::Act last = --left == 0 ? act : simd::Act::none;
      multiply(
          {mean, block.rows, h.cols}, {0, 0, block.rows}, layer_.nbr[r], out, true, nullptr, last);
    }
    if (!alone && std::ranges::none_of(plan_.into[t], later)) {
      plan_.kernels.finish({out, block.rows, width, nullptr, nullptr, act});
    }
  }

  void multiply(const MatrixView<const T>& in,
                const RowBlock& block,
                const MatrixView<const T>& weight,
                T* out,
                bool add,
                const T* bias,
                simd::Act act) const {
    plan_.kernels.multiply({in.data + block.row * in.cols,
                            in.cols,
                            weight.data,
                            in.cols,
                            weight.cols,
                            block.rows,
                            out,
                            add,
                            bias,
                            act});
  }

  void gather(
      std::size_t r, const T* in, index_t width, const RowBlock& block, T* out, bool add) const {
    const LayerEdges& edges = layer_.edges[r];
    plan_.kernels.gather({in,
                          edges.rowptr.data() + block.row,
                          edges.col.data(),
                          plan_.inv_deg[r].data() + block.row,
                          nullptr,
                          block.rows,
                          width,
                          out,
                          add});
  }

  const SageLayer<T>& layer_;
  const std::vector<MatrixView<const T>>& bias_;
  const std::vector<MatrixView<T>>& out_;
  LayerPlan<T> plan_;
  std::vector<T*> transformed_;
};

}  // namespace

template <class T>
void sage_layer(const SageLayer<T>& layer,
                const std::vector<std::span<const T>>& bias,
                int threads,
                const std::vector<MatrixView<T>>& out) {
  check_layer(layer, threads);
  check_outputs(layer, out, "out");
  const index_t width = width_of(layer);
  bool fit = bias.size() == layer.h.size();
  for (const std::span<const T>& one : bias) fit = fit && std::ssize(one) == width;
  if (!fit) throw ShapeError("c must have the shape [width] for each type");
  Padding<T> padding;
  const SageLayer<T> padded = padded_layer(layer, padding);
  std::vector<MatrixView<const T>> biases;
  std::vector<MatrixView<T>> outs;
  biases.reserve(bias.size());
  outs.reserve(out.size());
  for (const std::span<const T>& one : bias) {
    biases.push_back(padding.in({one.data(), 1, width}, 1, width_of(padded)));
  }
  for (const MatrixView<T>& one : out) {
    outs.push_back(padding.out(one, one.rows, width_of(padded)));
  }
  Forward<T>(padded, biases, outs).run(threads);
  padding.finish();
}

template void sage_layer(const SageLayer<float>& layer,
                         const std::vector<std::span<const float>>& bias,
                         int threads,
                         const std::vector<MatrixView<float>>& out);
template void sage_layer(const SageLayer<double>& layer,
                         const std::vector<std::span<const double>>& bias,
                         int threads,
                         const std::vector<MatrixView<double>>& out);

}  // namespace gftcore
