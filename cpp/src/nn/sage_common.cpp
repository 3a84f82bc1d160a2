// SPDX-License-Identifier: Apache-2.0
#include "nn/sage_common.hpp"

#include <algorithm>
#include <string>

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore::nn {
namespace {

template <class T>
simd::OuterKernels<T> active_outer();

template <>
simd::OuterKernels<float> active_outer() {
#if defined(__x86_64__)
  switch (active_target()) {
    case Target::avx512:
      return simd::outer_avx512();
    case Target::avx2:
      return simd::outer_avx2();
    case Target::scalar:
      break;
  }
#endif
  return simd::outer_scalar();
}

template <>
simd::OuterKernels<double> active_outer() {
  return simd::outer_exact();
}

void check_lists(std::span<const std::int32_t> ptr,
                 std::span<const std::int32_t> ends,
                 index_t rows,
                 index_t others) {
  if (std::ssize(ptr) != rows + 1) {
    throw ShapeError("row pointers must have one entry more than there are nodes");
  }
  // Signs are collected, so that the compiler can take several values at a time.
  const auto bits = [](std::int32_t x) { return static_cast<std::uint32_t>(x); };
  std::uint32_t wrong = bits(ptr.front());
  for (std::size_t v = 1; v < ptr.size(); ++v) {
    wrong |= bits(ptr[v]) | (bits(ptr[v]) - bits(ptr[v - 1]));
  }
  if (ptr.front() != 0 || (wrong >> 31) != 0 || ptr.back() != std::ssize(ends)) {
    throw ValueError("row pointers must rise from 0 to the number of edges");
  }
  wrong = 0;
  const auto last = static_cast<std::uint32_t>(others - 1);
  for (const std::int32_t end : ends) wrong |= bits(end) | (last - bits(end));
  if ((wrong >> 31) != 0) throw ValueError("edges must join nodes of the batch");
}

}  // namespace

template <class T>
void check_layer(const SageLayer<T>& layer, int threads) {
  const std::size_t types = layer.h.size();
  if (threads < 1) throw ValueError("threads must be at least 1, got " + std::to_string(threads));
  if (types == 0 || layer.self.size() != types || layer.nbr.size() != layer.edges.size()) {
    throw ShapeError("a layer must have h and S for each type, M for each relation");
  }
  const index_t width = width_of(layer);
  for (std::size_t t = 0; t < types; ++t) {
    if (layer.self[t].rows != layer.h[t].cols || layer.self[t].cols != width) {
      throw ShapeError("S must have the shape [columns of h, width] for each type");
    }
  }
  for (std::size_t r = 0; r < layer.edges.size(); ++r) {
    const LayerEdges& edges = layer.edges[r];
    const auto known = [&](int type) { return type >= 0 && type < static_cast<int>(types); };
    if (!known(edges.ends.source) || !known(edges.ends.target)) {
      throw ValueError("relations must join types of the layer");
    }
    const MatrixView<const T>& from = layer.h[source_of(edges)];
    if (layer.nbr[r].rows != from.cols || layer.nbr[r].cols != width) {
      throw ShapeError("M must have the shape [columns of its sources, width]");
    }
    const index_t targets = layer.h[target_of(edges)].rows;
    if (edges.col.size() != edges.row.size()) {
      throw ShapeError("both lists of a relation must have the same edges");
    }
    check_lists(edges.rowptr, edges.col, targets, from.rows);
    check_lists(edges.colptr, edges.row, from.rows, targets);
  }
}

template <class T, class View>
void check_outputs(const SageLayer<T>& layer, const std::vector<View>& matrices, const char* name) {
  bool fit = matrices.size() == layer.h.size();
  for (std::size_t t = 0; fit && t < matrices.size(); ++t) {
    fit = matrices[t].rows == layer.h[t].rows && matrices[t].cols == width_of(layer);
  }
  if (!fit)
    throw ShapeError(std::string(name) + " must have the shape [nodes, width] of each type");
}

template <class T>
SageLayer<T> padded_layer(const SageLayer<T>& layer, Padding<T>& padding) {
  SageLayer<T> out;
  out.edges = layer.edges;
  out.act = layer.act;
  const index_t width = padding.padded(width_of(layer));
  for (const MatrixView<const T>& h : layer.h) {
    out.h.push_back(padding.in(h, h.rows, padding.padded(h.cols)));
  }
  for (const MatrixView<const T>& self : layer.self) {
    out.self.push_back(padding.in(self, padding.padded(self.rows), width));
  }
  for (const MatrixView<const T>& nbr : layer.nbr) {
    out.nbr.push_back(padding.in(nbr, padding.padded(nbr.rows), width));
  }
  return out;
}

template <class T>
LayerPlan<T> plan_of(const SageLayer<T>& layer) {
  LayerPlan<T> out;
  out.kernels = active_kernels<T>();
  out.outer = active_outer<T>();
  out.into.resize(layer.h.size());
  out.out_of.resize(layer.h.size());
  for (const MatrixView<const T>& h : layer.h) out.nodes.push_back(h.rows);
  for (std::size_t r = 0; r < layer.edges.size(); ++r) {
    const LayerEdges& edges = layer.edges[r];
    out.into[target_of(edges)].push_back(r);
    out.out_of[source_of(edges)].push_back(r);
    const index_t sources = out.nodes[source_of(edges)];
    const index_t targets = out.nodes[target_of(edges)];
    out.transforms_first.push_back(sources < targets);
    // With as many of both, one gather less.
    out.pulls_first.push_back(sources <= targets);
    std::vector<T>& inv = out.inv_deg.emplace_back(edges.rowptr.size() - 1);
    for (std::size_t v = 0; v < inv.size(); ++v) {
      inv[v] = T{1} / static_cast<T>(std::max(edges.rowptr[v + 1] - edges.rowptr[v], 1));
    }
  }
  return out;
}

LayerScratch& layer_scratch() {
  thread_local LayerScratch scratch;
  return scratch;
}

template void check_layer(const SageLayer<float>& layer, int threads);
template void check_layer(const SageLayer<double>& layer, int threads);
template void check_outputs(const SageLayer<float>& layer,
                            const std::vector<MatrixView<float>>& matrices,
                            const char* name);
template void check_outputs(const SageLayer<double>& layer,
                            const std::vector<MatrixView<double>>& matrices,
                            const char* name);
template void check_outputs(const SageLayer<float>& layer,
                            const std::vector<MatrixView<const float>>& matrices,
                            const char* name);
template void check_outputs(const SageLayer<double>& layer,
                            const std::vector<MatrixView<const double>>& matrices,
                            const char* name);
template SageLayer<float> padded_layer(const SageLayer<float>& layer, Padding<float>& padding);
template SageLayer<double> padded_layer(const SageLayer<double>& layer, Padding<double>& padding);
template LayerPlan<float> plan_of(const SageLayer<float>& layer);
template LayerPlan<double> plan_of(const SageLayer<double>& layer);

}  // namespace gftcore::nn
