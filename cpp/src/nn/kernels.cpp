// SPDX-License-Identifier: Apache-2.0
#include "nn/kernels.hpp"

#include "gftcore/common/cpu_features.hpp"

namespace gftcore::nn {

template <>
simd::NetworkKernels<float> active_kernels() {
#if defined(__x86_64__)
  switch (active_target()) {
    case Target::avx512:
      return simd::network_avx512();
    case Target::avx2:
      return simd::network_avx2();
    case Target::scalar:
      break;
  }
#endif
  return simd::network_scalar();
}

template <>
simd::NetworkKernels<double> active_kernels() {
  return simd::network_exact();
}

simd::Act kernel_act(Activation act) {
  switch (act) {
    case Activation::none:
      break;
    case Activation::relu:
      return simd::Act::relu;
    case Activation::leaky:
      return simd::Act::leaky;
    case Activation::elu:
      return simd::Act::elu;
  }
  return simd::Act::none;
}

}  // namespace gftcore::nn
