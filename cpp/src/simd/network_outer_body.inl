// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Real; Lanes
// of kLanes Real; kSide vectors and kTall rows that a tile of sums has; load, store, splat, add,
// mul, mul_add(a, b, c) = a * b + c and above(x, a, b) = a where x > 0, else b.

using gftcore::simd::Below;
using gftcore::simd::OuterJob;
using gftcore::simd::OuterKernels;
using gftcore::simd::SlopeJob;

/// A tile of sums stays in registers while k runs.
template <int kRows, int kVectors>
void outer_tile(const OuterJob<Real>& job, std::ptrdiff_t row, std::ptrdiff_t first) {
  Lanes sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[r][v] = splat(Real{0});
  }
  const Real* left = job.left + row;
  const Real* right = job.right + first;
  for (std::ptrdiff_t k = 0; k < job.rows; ++k, left += job.height, right += job.width) {
    Lanes y[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) y[v] = load(right + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Lanes x = splat(left[r]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] = mul_add(x, y[v], sum[r][v]);
    }
  }
  Real* out = job.out + row * job.width + first;
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(out + r * job.width + v * kLanes, sum[r][v]);
  }
}

/// The rows that are left, fewer than kRows + 1.
template <int kRows, int kVectors>
void outer_rest(const OuterJob<Real>& job, std::ptrdiff_t row, std::ptrdiff_t first) {
  if (job.height - row == kRows) {
    outer_tile<kRows, kVectors>(job, row, first);
  } else if constexpr (kRows > 1) {
    outer_rest<kRows - 1, kVectors>(job, row, first);
  }
}

/// Panels of kVectors vectors, then of half as many, cover the width.
template <int kVectors>
void outer_panels(const OuterJob<Real>& job, std::ptrdiff_t first) {
  for (; first + kVectors * kLanes <= job.width; first += kVectors * kLanes) {
    std::ptrdiff_t row = 0;
    for (; row + kTall <= job.height; row += kTall) outer_tile<kTall, kVectors>(job, row, first);
    if constexpr (kTall > 1) outer_rest<kTall - 1, kVectors>(job, row, first);
  }
  if constexpr (kVectors > 1) outer_panels<kVectors / 2>(job, first);
}

template <Below kBelow>
Lanes sloped(Lanes g, Lanes result) {
  if constexpr (kBelow == Below::one) return g;
  if constexpr (kBelow == Below::zero) return above(result, g, splat(Real{0}));
  if constexpr (kBelow == Below::leaky) {
    return above(result, g, mul(g, splat(static_cast<Real>(0.01))));
  }
  return above(result, g, mul(g, add(result, splat(Real{1}))));
}

/// Panels as above; their sums stay in registers.
template <Below kBelow, int kVectors>
void slope_panels(const SlopeJob<Real>& job, std::ptrdiff_t first) {
  for (; first + kVectors * kLanes <= job.width; first += kVectors * kLanes) {
    Lanes sum[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[v] = splat(Real{0});
    for (std::ptrdiff_t row = 0; row < job.rows; ++row) {
      const std::ptrdiff_t place = row * job.width + first;
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const std::ptrdiff_t at = place + v * kLanes;
        const Lanes x = sloped<kBelow>(load(job.g + at), load(job.result + at));
        if constexpr (kBelow != Below::one) store(job.to + at, x);
        sum[v] = add(sum[v], x);
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(job.sum + first + v * kLanes, sum[v]);
  }
  if constexpr (kVectors > 1) slope_panels<kBelow, kVectors / 2>(job, first);
}

void run_outer(const OuterJob<Real>& job) { outer_panels<kSide>(job, 0); }

void run_slope(const SlopeJob<Real>& job) {
  switch (job.below) {
    case Below::one:
      return slope_panels<Below::one, kSide>(job, 0);
    case Below::zero:
      return slope_panels<Below::zero, kSide>(job, 0);
    case Below::leaky:
      return slope_panels<Below::leaky, kSide>(job, 0);
    case Below::result:
      return slope_panels<Below::result, kSide>(job, 0);
  }
}

OuterKernels<Real> outer_kernels() { return {run_outer, run_slope}; }
