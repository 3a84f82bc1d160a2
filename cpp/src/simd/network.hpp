// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace gftcore::simd {

enum class Act { none, relu, leaky, elu };

/// Matrices of [.., width] lie row behind row. For float, width is a multiple of 16, and weights,
/// biases and outputs are aligned to 64 bytes. Each output adds up in one fixed order, whatever the
/// other rows are: a row's result depends on that row alone.

/// out (+)= in weight, then act. Without `add` the sum starts from `bias`, or from 0 if that is
/// null.
template <class Real>
struct MultiplyJob {
  const Real* in;  // [rows, depth]
  std::ptrdiff_t in_stride;
  const Real* weight;  // [depth, width]
  std::ptrdiff_t depth;
  std::ptrdiff_t width;
  std::ptrdiff_t rows;
  Real* out;  // [rows, width]
  bool add;
  const Real* bias;  // [width]
  Act act;
};

/// out[v] (+)= scale[v] * sum of in[col[e]] over e in rowptr[v] .. rowptr[v + 1], in this order;
/// with source_scale, of source_scale[col[e]] * in[col[e]].
template <class Real>
struct GatherJob {
  const Real* in;  // [.., width]
  const std::int32_t* rowptr;
  const std::int32_t* col;
  const Real* scale;
  const Real* source_scale;  // or null
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  Real* out;  // [rows, width]
  bool add;
};

/// values[v] = act(values[v] + bias[pattern[v]]); bias null: 0; pattern null: all 0.
template <class Real>
struct FinishJob {
  Real* values;  // [rows, width]
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  const Real* bias;  // [.., width]
  const std::uint8_t* pattern;
  Act act;
};

/// sum = the rows' sum, highest = the larger of itself and the rows.
template <class Real>
struct PoolJob {
  const Real* in;  // [rows, width]
  std::ptrdiff_t rows;
  std::ptrdiff_t width;
  Real* sum;      // [width]
  Real* highest;  // [width]
};

template <class Real>
struct NetworkKernels {
  void (*multiply)(const MultiplyJob<Real>&);
  void (*gather)(const GatherJob<Real>&);
  void (*finish)(const FinishJob<Real>&);
  void (*pool)(const PoolJob<Real>&);
};

NetworkKernels<float> network_scalar();
NetworkKernels<double> network_exact();  // scalar, any width
NetworkKernels<float> network_avx2();
NetworkKernels<float> network_avx512();

}  // namespace gftcore::simd
