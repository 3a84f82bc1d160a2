// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Real; Lanes
// of kLanes Real; load, store and splat(Real).

using gftcore::simd::AffineBackJob;
using gftcore::simd::AffineJob;
using gftcore::simd::MomentsJob;
using gftcore::simd::NormAct;
using gftcore::simd::NormKernels;

/// x where y > 0, else what the slope there leaves of it.
template <NormAct kAct>
Lanes bent(Lanes y, Lanes x) {
  if constexpr (kAct == NormAct::none) return x;
  if constexpr (kAct == NormAct::relu) return y > splat(Real{0}) ? x : splat(Real{0});
  return y > splat(Real{0}) ? x : x * splat(static_cast<Real>(0.01));
}

void run_moments(const MomentsJob<Real>& job) {
  const Real share = Real{1} / static_cast<Real>(job.rows);
  for (std::ptrdiff_t j = 0; j < job.width; j += kLanes) {
    Lanes sum = splat(Real{0});
    for (std::ptrdiff_t row = 0; row < job.rows; ++row)
      sum = sum + load(job.x + row * job.width + j);
    const Lanes mean = sum * splat(share);
    Lanes square = splat(Real{0});
    for (std::ptrdiff_t row = 0; row < job.rows; ++row) {
      const Lanes far = load(job.x + row * job.width + j) - mean;
      square = square + far * far;
    }
    store(job.mean + j, mean);
    store(job.square + j, square);
  }
}

Lanes affine_at(const AffineJob<Real>& job, std::ptrdiff_t place, std::ptrdiff_t j) {
  return load(job.x + place + j) * load(job.scale + j) + load(job.shift + j);
}

template <NormAct kAct>
void affine_rows(const AffineJob<Real>& job) {
  for (std::ptrdiff_t place = 0; place < job.rows * job.width; place += job.width) {
    for (std::ptrdiff_t j = 0; j < job.width; j += kLanes) {
      const Lanes y = affine_at(job, place, j);
      store(job.out + place + j, bent<kAct>(y, y));
    }
  }
}

/// Derivative by y.
template <NormAct kAct>
Lanes slope_at(const AffineBackJob<Real>& job, std::ptrdiff_t place, std::ptrdiff_t j) {
  return bent<kAct>(affine_at(job.forward, place, j), load(job.g + place + j));
}

template <NormAct kAct>
void sum_rows(const AffineBackJob<Real>& job) {
  const AffineJob<Real>& forward = job.forward;
  for (std::ptrdiff_t j = 0; j < forward.width; j += kLanes) {
    store(job.sum + j, splat(Real{0}));
    store(job.moment + j, splat(Real{0}));
  }
  for (std::ptrdiff_t place = 0; place < forward.rows * forward.width; place += forward.width) {
    for (std::ptrdiff_t j = 0; j < forward.width; j += kLanes) {
      const Lanes d = slope_at<kAct>(job, place, j);
      const Lanes far = load(forward.x + place + j) - load(job.mean + j);
      store(job.sum + j, load(job.sum + j) + d);
      store(job.moment + j, load(job.moment + j) + d * far);
    }
  }
}

template <NormAct kAct>
void back_rows(const AffineBackJob<Real>& job) {
  const AffineJob<Real>& forward = job.forward;
  for (std::ptrdiff_t place = 0; place < forward.rows * forward.width; place += forward.width) {
    for (std::ptrdiff_t j = 0; j < forward.width; j += kLanes) {
      const Lanes d = slope_at<kAct>(job, place, j);
      const Lanes x = load(forward.x + place + j);
      const Lanes straight = d * load(forward.scale + j) + load(job.level + j);
      store(job.to + place + j, straight + x * load(job.slant + j));
    }
  }
}

void run_affine(const AffineJob<Real>& job) {
  switch (job.act) {
    case NormAct::none:
      return affine_rows<NormAct::none>(job);
    case NormAct::relu:
      return affine_rows<NormAct::relu>(job);
    case NormAct::leaky:
      return affine_rows<NormAct::leaky>(job);
  }
}

void run_sums(const AffineBackJob<Real>& job) {
  switch (job.forward.act) {
    case NormAct::none:
      return sum_rows<NormAct::none>(job);
    case NormAct::relu:
      return sum_rows<NormAct::relu>(job);
    case NormAct::leaky:
      return sum_rows<NormAct::leaky>(job);
  }
}

void run_back(const AffineBackJob<Real>& job) {
  switch (job.forward.act) {
    case NormAct::none:
      return back_rows<NormAct::none>(job);
    case NormAct::relu:
      return back_rows<NormAct::relu>(job);
    case NormAct::leaky:
      return back_rows<NormAct::leaky>(job);
  }
}

NormKernels<Real> norm_kernels() { return {run_moments, run_affine, run_sums, run_back}; }
