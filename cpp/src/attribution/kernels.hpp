// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "nn/kernels.hpp"
#include "simd/network_path.hpp"

namespace gftcore::attribution {

/// The kernels of the active SIMD target; double precision has scalar ones only.
template <class T>
struct Kernels {
  simd::NetworkKernels<T> network;
  simd::PathKernels<T> path;
};

template <class T>
Kernels<T> active_kernels();

template <>
Kernels<float> active_kernels();
template <>
Kernels<double> active_kernels();

}  // namespace gftcore::attribution
