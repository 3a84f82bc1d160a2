// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Lanes of
// kLanes float, kLanes a divisor of kLineWidth / 4; load, store, splat, add, sub, mul, mul_add(a,
// b, c) = a * b + c, higher, lower.
//
// Rows stream through: a row is read, filtered along the columns into a ring of rows; from that
// ring a row of Hessians, and at once its strengths in all directions, into a second ring; from
// that one the output. So nothing but the image and the output leaves the cache.

using gftcore::simd::kLineDirections;
using gftcore::simd::kLineMargin;
using gftcore::simd::kLinePairs;
using gftcore::simd::LineJob;
using gftcore::simd::LinePair;

/// Vectors side by side, so that sums do not wait for each other.
constexpr int kSide = 4;

/// Index of the pixel seen at i by an image of n pixels mirrored at its edges without end.
std::ptrdiff_t mirrored(std::ptrdiff_t i, std::ptrdiff_t n) {
  i %= 2 * n;
  if (i < 0) i += 2 * n;
  return i < n ? i : 2 * n - 1 - i;
}

/// Whether that image is upside down at i.
bool is_turned(std::ptrdiff_t i, std::ptrdiff_t n) {
  i %= 2 * n;
  return (i < 0 ? i + 2 * n : i) >= n;
}

/// Place of a row >= -above in a ring of `depth` rows.
std::ptrdiff_t slot(std::ptrdiff_t row, std::ptrdiff_t above, std::ptrdiff_t depth) {
  return (row + above) % depth;
}

/// Column 0 of a row of scratch memory.
float* scratch_row(const LineJob& job, float* memory, std::ptrdiff_t row) {
  return memory + row * (job.width + 2 * kLineMargin) + kLineMargin;
}

/// Values filtered along the columns, of order 0, 1 or 2, in a row >= -reach - step.
float* across_row(const LineJob& job, std::ptrdiff_t row, int order) {
  const std::ptrdiff_t i = slot(row, job.reach + job.step, 2 * job.reach + 1);
  return scratch_row(job, job.across, i * 3 + order);
}

/// Strengths of one direction in a row >= -step; readable from -step to cols + step.
float* strength_row(const LineJob& job, std::ptrdiff_t row, int direction) {
  const std::ptrdiff_t i = slot(row, job.step, 2 * job.step + 1);
  return scratch_row(job, job.strengths, i * kLineDirections + direction);
}

/// The row of p seen at `row`, with mirrored ends.
float* read_line(const LineJob& job, std::ptrdiff_t row) {
  const float* from = job.image + mirrored(row, job.rows) * job.cols;
  float* to = scratch_row(job, job.line, 0);
  std::ptrdiff_t c = 0;
  for (; c + kLanes <= job.cols; c += kLanes) store(to + c, load(from + c));
  for (; c < job.cols; ++c) to[c] = from[c];
  for (std::ptrdiff_t k = 1; k <= job.reach; ++k) to[-k] = to[mirrored(-k, job.cols)];
  for (; c < job.width + job.reach; ++c) to[c] = to[mirrored(c, job.cols)];
  if (!job.clip) return to;
  for (float* p = to - kLineMargin; p < to + job.width + kLineMargin; p += kLanes) {
    const Lanes x = mul_add(load(p), splat(job.slope), splat(job.offset));
    store(p, lower(higher(x, splat(0.0F)), splat(1.0F)));
  }
  return to;
}

void filter_across(const LineJob& job, std::ptrdiff_t row) {
  const float* line = read_line(job, row);
  float* smooth_row = across_row(job, row, 0);
  float* slope_row = across_row(job, row, 1);
  float* curve_row = across_row(job, row, 2);
  for (std::ptrdiff_t c = 0; c < job.width; c += kSide * kLanes) {
    Lanes smooth[kSide];
    Lanes slope[kSide];
    Lanes curve[kSide];
#pragma GCC unroll 4
    for (int k = 0; k < kSide; ++k) {
      const Lanes centre = load(line + c + k * kLanes);
      smooth[k] = mul(centre, splat(job.smooth_taps[0]));
      slope[k] = splat(0.0F);
      curve[k] = mul(centre, splat(job.curve_taps[0]));
    }
    for (std::ptrdiff_t j = 1; j <= job.reach; ++j) {
      const Lanes smooth_tap = splat(job.smooth_taps[j]);
      const Lanes slope_tap = splat(job.slope_taps[j]);
      const Lanes curve_tap = splat(job.curve_taps[j]);
#pragma GCC unroll 4
      for (int k = 0; k < kSide; ++k) {
        const Lanes right = load(line + c + k * kLanes + j);
        const Lanes left = load(line + c + k * kLanes - j);
        const Lanes sum = add(right, left);
        smooth[k] = mul_add(sum, smooth_tap, smooth[k]);
        slope[k] = mul_add(sub(right, left), slope_tap, slope[k]);
        curve[k] = mul_add(sum, curve_tap, curve[k]);
      }
    }
#pragma GCC unroll 4
    for (int k = 0; k < kSide; ++k) {
      store(smooth_row + c + k * kLanes, smooth[k]);
      store(slope_row + c + k * kLanes, slope[k]);
      store(curve_row + c + k * kLanes, curve[k]);
    }
  }
}

/// The Hessian at a few vectors of columns.
struct Hessian {
  Lanes rr[kSide];
  Lanes rc[kSide];
  Lanes cc[kSide];
};

/// Rows of the across ring, by order and by distance from a middle row.
struct Neighbours {
  const float* below[3][gftcore::simd::kMaxLineReach + 1];
  const float* above[3][gftcore::simd::kMaxLineReach + 1];
};

[[gnu::always_inline]] inline Hessian filter_down(const LineJob& job,
                                                  const Neighbours& near,
                                                  std::ptrdiff_t c) {
  Hessian h;
#pragma GCC unroll 4
  for (int k = 0; k < kSide; ++k) {
    const std::ptrdiff_t at = c + k * kLanes;
    h.rr[k] = mul(load(near.below[0][0] + at), splat(job.curve_taps[0]));
    h.rc[k] = splat(0.0F);
    h.cc[k] = mul(load(near.below[2][0] + at), splat(job.smooth_taps[0]));
  }
  for (std::ptrdiff_t j = 1; j <= job.reach; ++j) {
    const Lanes smooth_tap = splat(job.smooth_taps[j]);
    const Lanes slope_tap = splat(job.slope_taps[j]);
    const Lanes curve_tap = splat(job.curve_taps[j]);
#pragma GCC unroll 4
    for (int k = 0; k < kSide; ++k) {
      const std::ptrdiff_t at = c + k * kLanes;
      const Lanes smooth = add(load(near.below[0][j] + at), load(near.above[0][j] + at));
      const Lanes slope = sub(load(near.below[1][j] + at), load(near.above[1][j] + at));
      const Lanes curve = add(load(near.below[2][j] + at), load(near.above[2][j] + at));
      h.rr[k] = mul_add(smooth, curve_tap, h.rr[k]);
      h.rc[k] = mul_add(slope, slope_tap, h.rc[k]);
      h.cc[k] = mul_add(curve, smooth_tap, h.cc[k]);
    }
  }
  return h;
}

void fill_strengths(const LineJob& job, std::ptrdiff_t row) {
  Neighbours near;
  for (int order = 0; order < 3; ++order) {
    for (std::ptrdiff_t j = 0; j <= job.reach; ++j) {
      near.below[order][j] = across_row(job, row + j, order);
      near.above[order][j] = across_row(job, row - j, order);
    }
  }
  float* to[kLineDirections];
  for (int d = 0; d < kLineDirections; ++d) to[d] = strength_row(job, row, d);
  // Outside, the rows are mirrored already; a mirrored strength has the mixed derivative's sign
  // back.
  const float sign = is_turned(row, job.rows) ? -1.0F : 1.0F;
  for (std::ptrdiff_t c = 0; c < job.width; c += kSide * kLanes) {
    const Hessian h = filter_down(job, near, c);
    const Lanes axis = splat(job.axis_weight);
#pragma GCC unroll 4
    for (int k = 0; k < kSide; ++k) {
      store(to[0] + c + k * kLanes, mul(h.rr[k], axis));
      store(to[1] + c + k * kLanes, mul(h.cc[k], axis));
    }
#pragma GCC unroll 4
    for (int p = 0; p < kLinePairs; ++p) {
      const Lanes rr = splat(job.pairs[p].rr_weight);
      const Lanes cc = splat(job.pairs[p].cc_weight);
      const Lanes rc = splat(sign * job.pairs[p].rc_weight);
#pragma GCC unroll 4
      for (int k = 0; k < kSide; ++k) {
        const Lanes even = mul_add(h.rr[k], rr, mul(h.cc[k], cc));
        const Lanes odd = mul(h.rc[k], rc);
        store(to[2 + 2 * p] + c + k * kLanes, add(even, odd));
        store(to[3 + 2 * p] + c + k * kLanes, sub(even, odd));
      }
    }
  }
  for (float* strengths : to) {
    for (std::ptrdiff_t k = 0; k < job.step; ++k) {
      strengths[-1 - k] = strengths[mirrored(-1 - k, job.cols)];
      strengths[job.cols + k] = strengths[mirrored(job.cols + k, job.cols)];
    }
  }
}

/// Samples of a row's lines: the one before, the pixels themselves, the one after.
struct Samples {
  const float* before[kLineDirections];
  const float* here[kLineDirections];
  const float* after[kLineDirections];

  void take(
      const LineJob& job, std::ptrdiff_t row, int d, std::ptrdiff_t down, std::ptrdiff_t right) {
    before[d] = strength_row(job, row - down, d) - right;
    here[d] = strength_row(job, row, d);
    after[d] = strength_row(job, row + down, d) + right;
  }
};

void write_row(const LineJob& job, std::ptrdiff_t row) {
  Samples s;
  s.take(job, row, 0, 0, job.step);
  s.take(job, row, 1, job.step, 0);
  for (int p = 0; p < kLinePairs; ++p) {
    const LinePair& pair = job.pairs[p];
    s.take(job, row, 2 + 2 * p, pair.down, pair.right);
    s.take(job, row, 3 + 2 * p, pair.down, -pair.right);
  }
  const float* image = job.image + row * job.cols;
  float* out = job.out + row * job.cols;
  std::ptrdiff_t c = 0;
  for (; c + kLanes <= job.cols; c += kLanes) {
    Lanes best = splat(0.0F);
#pragma GCC unroll 8
    for (int d = 0; d < kLineDirections; ++d) {
      const Lanes ends = add(load(s.before[d] + c), load(s.after[d] + c));
      const Lanes sum = mul_add(load(s.here[d] + c), splat(2.0F), ends);
      best = d == 0 ? sum : higher(best, sum);
    }
    store(out + c, add(load(image + c), best));
  }
  for (; c < job.cols; ++c) {  // doubling is exact, so this rounds as above
    float best = 0;
    for (int d = 0; d < kLineDirections; ++d) {
      const float sum = s.here[d][c] * 2.0F + (s.before[d][c] + s.after[d][c]);
      best = d == 0 || sum > best ? sum : best;
    }
    out[c] = image[c] + best;
  }
}

void run_add_lines(const LineJob& job) {
  const std::ptrdiff_t ahead = job.reach + job.step;
  for (std::ptrdiff_t row = -ahead; row < job.rows + ahead; ++row) {
    filter_across(job, row);
    const std::ptrdiff_t strengths = row - job.reach;
    if (strengths >= -job.step) fill_strengths(job, strengths);
    if (strengths >= job.step) write_row(job, strengths - job.step);
  }
}
