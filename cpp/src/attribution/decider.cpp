// SPDX-License-Identifier: Apache-2.0
#include "attribution/decider.hpp"

#include <algorithm>

#include "gftcore/common/error.hpp"

namespace gftcore::attribution {

void require_same_run(bool fits) {
  if (!fits) throw ShapeError("decisions must come from a run of the same requests and network");
}

template <class T>
void Decider<T>::quotient(const simd::PathKernels<T>& kernels,
                          const simd::QuotientJob<T>& job,
                          const KeptMultipliers& kept,
                          bool obeyed) {
  const index_t size = kept.nodes * kept.hidden;
  if (!obeyed) {
    kept.values->resize(static_cast<std::size_t>(size));
    write(kernels, job, kept);
    kernels.quotient(job);
    return;
  }
  require_same_run(std::ssize(*kept.values) == size);
  T* product = product_.template request<T>(job.rows * job.width);
  std::fill_n(product, job.rows * job.width, T{0});
  const double* from = kept.values->data() + kept.first * kept.hidden;
  for (index_t r = 0; r < job.rows; ++r) {
    const T* g = job.g + r * job.g_stride;
    for (index_t c = 0; c < kept.hidden; ++c) {
      product[r * job.width + c] = g[c] * static_cast<T>(from[r * kept.hidden + c]);
    }
  }
  simd::QuotientJob<T> linear = job;
  linear.g = product;
  linear.g_stride = job.width;
  linear.act = simd::Act::none;
  kernels.quotient(linear);
}

template <class T>
void Decider<T>::write(const simd::PathKernels<T>& kernels,
                       const simd::QuotientJob<T>& job,
                       const KeptMultipliers& kept) {
  simd::QuotientJob<T> plain = job;
  T* ones = ones_.template request<T>(job.width);
  std::fill_n(ones, job.width, T{1});
  plain.g = ones;
  plain.g_stride = 0;
  plain.add = false;
  plain.out = product_.template request<T>(job.rows * job.width);
  kernels.quotient(plain);
  double* to = kept.values->data() + kept.first * kept.hidden;
  for (index_t r = 0; r < job.rows; ++r, to += kept.hidden) {
    std::copy_n(plain.out + r * job.width, kept.hidden, to);
  }
}

template class Decider<float>;
template class Decider<double>;

}  // namespace gftcore::attribution
