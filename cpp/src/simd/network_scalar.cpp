// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>

#include "network.hpp"

namespace {

namespace single {

#include "network_four.inl"

#include "network_body.inl"

}  // namespace single

namespace exact {

using Real = double;
#include "network_plain.inl"

#include "network_body.inl"

}  // namespace exact

}  // namespace

gftcore::simd::NetworkKernels<float> gftcore::simd::network_scalar() {
  return single::network_kernels();
}

gftcore::simd::NetworkKernels<double> gftcore::simd::network_exact() {
  return exact::network_kernels();
}
