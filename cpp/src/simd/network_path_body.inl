// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Real; Lanes
// of kLanes Real; load, store, splat, add, sub, mul, div, mul_add(a, b, c) = a * b + c, higher,
// lower, elu, and above(x, a, b) = a where x > 0, else b.

using gftcore::simd::Act;
using gftcore::simd::AdvanceJob;
using gftcore::simd::EdgeDotJob;
using gftcore::simd::PathKernels;
using gftcore::simd::QuotientJob;

template <Act kAct>
Lanes acted(Lanes z) {
  // The second one where there is no order, so that NaN stays NaN.
  if constexpr (kAct == Act::relu) return higher(splat(Real{0}), z);
  if constexpr (kAct == Act::leaky) return higher(z, mul(z, splat(static_cast<Real>(0.01))));
  if constexpr (kAct == Act::elu) return elu(z);
  return z;
}

template <Act kAct>
Lanes slope_of(Lanes z) {
  const Lanes one = splat(Real{1});
  if constexpr (kAct == Act::relu) return above(z, one, splat(Real{0}));
  if constexpr (kAct == Act::leaky) return above(z, one, splat(static_cast<Real>(0.01)));
  if constexpr (kAct == Act::elu) return above(z, one, add(one, elu(z)));
  return one;
}

/// Equal signs need no division; with different ones |b - a| = |a| + |b|, nothing cancels.
template <Act kAct>
Lanes quotient_of(Lanes a, Lanes b) {
  const Lanes one = splat(Real{1});
  const Lanes at_a = acted<kAct>(a);
  const Lanes at_b = acted<kAct>(b);
  const Lanes mixed = div(sub(at_b, at_a), sub(b, a));
  Lanes below = splat(kAct == Act::relu ? Real{0} : static_cast<Real>(0.01));
  if constexpr (kAct == Act::elu) {
    // exp(max) (1 - exp(-d)) / d with d = |b - a|
    const Lanes far = sub(higher(a, b), lower(a, b));
    const Lanes share = above(far, div(elu(sub(splat(Real{0}), far)), far), splat(Real{-1}));
    below = sub(splat(Real{0}), mul(add(one, higher(at_a, at_b)), share));
  }
  return above(a, above(b, one, mixed), above(b, mixed, below));
}

template <Act kAct>
void advance(const AdvanceJob<Real>& job) {
  const Lanes alpha = splat(job.alpha);
  for (std::ptrdiff_t row = 0; row < job.rows; ++row) {
    Real* z = job.z + row * job.width;
    Real* h = job.h + row * job.width;
    if (job.step == nullptr) {
      for (std::ptrdiff_t c = 0; c < job.width; c += kLanes) store(h + c, acted<kAct>(load(z + c)));
      continue;
    }
    const Real* start = job.start + row * job.start_stride;
    const Real* step = job.step + row * job.width;
    for (std::ptrdiff_t c = 0; c < job.width; c += kLanes) {
      const Lanes x = mul_add(alpha, load(step + c), load(start + c));
      store(z + c, x);
      store(h + c, acted<kAct>(x));
    }
  }
}

template <Act kAct, bool kSame>
void quotient(const QuotientJob<Real>& job) {
  const Lanes weight = splat(job.weight);
  for (std::ptrdiff_t row = 0; row < job.rows; ++row) {
    const Real* g = job.g + row * job.g_stride;
    const std::ptrdiff_t first = row * job.width;
    Real* out = job.out + first;
    for (std::ptrdiff_t c = 0; c < job.width; c += kLanes) {
      Lanes x = load(g + c);
      if constexpr (kAct != Act::none) {
        const Lanes b = load(job.b + first + c);
        x = mul(x, kSame ? slope_of<kAct>(b) : quotient_of<kAct>(load(job.a + first + c), b));
      }
      store(out + c, job.add ? mul_add(weight, x, load(out + c)) : x);
    }
  }
}

template <Act kAct>
void quotient_any(const QuotientJob<Real>& job) {
  if (job.a == job.b) {
    quotient<kAct, true>(job);
  } else {
    quotient<kAct, false>(job);
  }
}

void run_advance(const AdvanceJob<Real>& job) {
  switch (job.act) {
    case Act::none:
      return advance<Act::none>(job);
    case Act::relu:
      return advance<Act::relu>(job);
    case Act::leaky:
      return advance<Act::leaky>(job);
    case Act::elu:
      return advance<Act::elu>(job);
  }
}

void run_quotient(const QuotientJob<Real>& job) {
  switch (job.act) {
    case Act::none:
      return quotient_any<Act::none>(job);
    case Act::relu:
      return quotient_any<Act::relu>(job);
    case Act::leaky:
      return quotient_any<Act::leaky>(job);
    case Act::elu:
      return quotient_any<Act::elu>(job);
  }
}

void run_edge_dot(const EdgeDotJob<Real>& job) {
  for (std::ptrdiff_t row = 0; row < job.rows; ++row) {
    const Real* left = job.left + row * job.width;
    for (std::int32_t e = job.rowptr[row]; e < job.rowptr[row + 1]; ++e) {
      const Real* right = job.right + static_cast<std::ptrdiff_t>(job.col[e]) * job.width;
      Lanes sum = splat(Real{0});
      for (std::ptrdiff_t c = 0; c < job.width; c += kLanes) {
        sum = mul_add(load(left + c), load(right + c), sum);
      }
      Real parts[kLanes];
      store(parts, sum);
      for (std::ptrdiff_t half = kLanes / 2; half > 0; half /= 2) {
        for (std::ptrdiff_t i = 0; i < half; ++i) parts[i] += parts[i + half];
      }
      job.out[e] += job.weight * job.scale[row] * parts[0];
    }
  }
}

PathKernels<Real> path_kernels() { return {run_advance, run_quotient, run_edge_dot}; }
