// SPDX-License-Identifier: Apache-2.0
#include "attribution/kernels.hpp"

#include "gftcore/common/cpu_features.hpp"

namespace gftcore::attribution {
namespace {

simd::PathKernels<float> path_kernels() {
#if defined(__x86_64__)
  switch (active_target()) {
    case Target::avx512:
      return simd::path_avx512();
    case Target::avx2:
      return simd::path_avx2();
    case Target::scalar:
      break;
  }
#endif
  return simd::path_scalar();
}

}  // namespace

template <>
Kernels<float> active_kernels() {
  return {nn::active_kernels<float>(), path_kernels()};
}

template <>
Kernels<double> active_kernels() {
  return {nn::active_kernels<double>(), simd::path_exact()};
}

}  // namespace gftcore::attribution
