// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Real; Lanes
// of kLanes Real; kSide vectors and kTall rows that a tile of sums has; load, store, splat, add,
// mul, mul_add(a, b, c) = a * b + c, higher, and elu.

using gftcore::simd::Act;
using gftcore::simd::FinishJob;
using gftcore::simd::GatherJob;
using gftcore::simd::MultiplyJob;
using gftcore::simd::NetworkKernels;
using gftcore::simd::PoolJob;

Lanes activated(Lanes x, Act act) {
  switch (act) {
    case Act::none:
      return x;
    case Act::relu:
      return higher(splat(Real{0}), x);
    case Act::leaky:
      return higher(x, mul(x, splat(static_cast<Real>(0.01))));
    case Act::elu:
      return elu(x);
  }
  return x;
}

/// Calls panel.template run<n>(first column) for panels of n vectors that cover the width.
template <int kVectors, class Panel>
void for_panels(std::ptrdiff_t first, std::ptrdiff_t width, const Panel& panel) {
  for (; first + kVectors * kLanes <= width; first += kVectors * kLanes) {
    panel.template run<kVectors>(first);
  }
  if constexpr (kVectors > 1) for_panels<kVectors / 2>(first, width, panel);
}

struct MultiplyPanel {
  const MultiplyJob<Real>& job;

  /// A tile of sums stays in registers while k runs.
  template <int kRows, int kVectors>
  void tile(std::ptrdiff_t row, std::ptrdiff_t first) const {
    Lanes sum[kRows][kVectors];
    Real* out = job.out + row * job.width + first;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        if (job.add) {
          sum[r][v] = load(out + r * job.width + v * kLanes);
        } else {
          sum[r][v] = job.bias == nullptr ? splat(Real{0}) : load(job.bias + first + v * kLanes);
        }
      }
    }
    const Real* in = job.in + row * job.in_stride;
    const Real* weight = job.weight + first;
    for (std::ptrdiff_t k = 0; k < job.depth; ++k, weight += job.width) {
      Lanes w[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) w[v] = load(weight + v * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const Lanes x = splat(in[r * job.in_stride + k]);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[r][v] = mul_add(x, w[v], sum[r][v]);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        store(out + r * job.width + v * kLanes, activated(sum[r][v], job.act));
      }
    }
  }

  /// The rows that are left, fewer than kRows + 1.
  template <int kRows, int kVectors>
  void rest(std::ptrdiff_t row, std::ptrdiff_t first) const {
    if (job.rows - row == kRows) {
      tile<kRows, kVectors>(row, first);
    } else if constexpr (kRows > 1) {
      rest<kRows - 1, kVectors>(row, first);
    }
  }

  template <int kVectors>
  void run(std::ptrdiff_t first) const {
    std::ptrdiff_t row = 0;
    for (; row + kTall <= job.rows; row += kTall) tile<kTall, kVectors>(row, first);
    if constexpr (kTall > 1) rest<kTall - 1, kVectors>(row, first);
  }
};

struct GatherPanel {
  const GatherJob<Real>& job;

  template <int kVectors>
  void run(std::ptrdiff_t first) const {
    for (std::ptrdiff_t row = 0; row < job.rows; ++row) {
      // Most rows of a relation from or to a single node.
      if (job.add && job.rowptr[row] == job.rowptr[row + 1]) continue;
      Lanes sum[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[v] = splat(Real{0});
      for (std::int32_t e = job.rowptr[row]; e < job.rowptr[row + 1]; ++e) {
        const std::ptrdiff_t source = job.col[e];
        const Real* in = job.in + source * job.width + first;
        if (job.source_scale == nullptr) {
#pragma GCC unroll 8
          for (int v = 0; v < kVectors; ++v) sum[v] = add(sum[v], load(in + v * kLanes));
        } else {
          const Lanes scale = splat(job.source_scale[source]);
#pragma GCC unroll 8
          for (int v = 0; v < kVectors; ++v) sum[v] = mul_add(scale, load(in + v * kLanes), sum[v]);
        }
      }
      const Lanes scale = splat(job.scale[row]);
      Real* out = job.out + row * job.width + first;
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v, out += kLanes) {
        store(out, job.add ? mul_add(scale, sum[v], load(out)) : mul(scale, sum[v]));
      }
    }
  }
};

struct PoolPanel {
  const PoolJob<Real>& job;

  template <int kVectors>
  void run(std::ptrdiff_t first) const {
    Lanes sum[kVectors];
    Lanes highest[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sum[v] = splat(Real{0});
      highest[v] = load(job.highest + first + v * kLanes);
    }
    for (std::ptrdiff_t row = 0; row < job.rows; ++row) {
      const Real* in = job.in + row * job.width + first;
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const Lanes x = load(in + v * kLanes);
        sum[v] = add(sum[v], x);
        highest[v] = higher(highest[v], x);
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      store(job.sum + first + v * kLanes, sum[v]);
      store(job.highest + first + v * kLanes, highest[v]);
    }
  }
};

void run_multiply(const MultiplyJob<Real>& job) {
  for_panels<kSide>(0, job.width, MultiplyPanel{job});
}

void run_gather(const GatherJob<Real>& job) { for_panels<kSide>(0, job.width, GatherPanel{job}); }

void run_finish(const FinishJob<Real>& job) {
  for (std::ptrdiff_t row = 0; row < job.rows; ++row) {
    Real* values = job.values + row * job.width;
    const std::ptrdiff_t pattern = job.pattern == nullptr ? 0 : job.pattern[row];
    const Real* bias = job.bias == nullptr ? nullptr : job.bias + pattern * job.width;
    for (std::ptrdiff_t c = 0; c < job.width; c += kLanes) {
      const Lanes x = load(values + c);
      store(values + c, activated(bias == nullptr ? x : add(x, load(bias + c)), job.act));
    }
  }
}

void run_pool(const PoolJob<Real>& job) { for_panels<kSide>(0, job.width, PoolPanel{job}); }

NetworkKernels<Real> network_kernels() { return {run_multiply, run_gather, run_finish, run_pool}; }
