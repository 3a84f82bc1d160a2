// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/nn/network.hpp"
#include "simd/network.hpp"

namespace gftcore::nn {

/// The kernels of the active SIMD target; double precision has scalar ones only.
template <class T>
simd::NetworkKernels<T> active_kernels();

template <>
simd::NetworkKernels<float> active_kernels();
template <>
simd::NetworkKernels<double> active_kernels();

simd::Act kernel_act(Activation act);

}  // namespace gftcore::nn
