// SPDX-License-Identifier: Apache-2.0
// Included in an anonymous namespace by each instruction set, which defines before it: Lanes of
// kLanes float; kChunks (1, 2 or 4), the vectors filtered side by side; load, store, splat, add,
// sub, mul, mul_add(a, b, c) = a * b + c, root, higher; interleave2(a, b, out) and interleave4(a,
// b, c, d, out), the lanes of two and four vectors in turn; bits1, bits2 and bits4(a, .., bound),
// bit i = value i of those lanes in turn is above the bound.
//
// A block of rows is cut into strips of a few vectors of columns. First each row is
// filtered along the columns into `scale` vectors per vector, phase by phase ("planar"); then
// columns are filtered down the rows, where planar order does not matter; at the end phases are
// interleaved. Every output goes through the same operations wherever blocks and strips begin.

using gftcore::simd::BlockMemory;
using gftcore::simd::HessianTaps;
using gftcore::simd::PaddedImage;
using gftcore::simd::PolyphaseTaps;
using gftcore::simd::RidgeJob;
using gftcore::simd::UpsampleJob;

/// Index of the pixel seen at i by an image of n pixels mirrored at its edges without end.
std::ptrdiff_t mirrored(std::ptrdiff_t i, std::ptrdiff_t n) {
  i %= 2 * n;
  if (i < 0) i += 2 * n;
  return i < n ? i : 2 * n - 1 - i;
}

/// One strip of one block.
struct Strip {
  PaddedImage image;
  std::ptrdiff_t scale;
  std::ptrdiff_t across;  // vectors of columns
  std::ptrdiff_t width;   // floats: scale * across * kLanes
  std::ptrdiff_t first_col;
  std::ptrdiff_t first_row;
  std::ptrdiff_t num_rows;
  float* filtered;
  float* planes;
};

/// Even and odd sums of kPairs pairs of phases of kOrders filters, at one vector of columns.
template <int kOrders, int kPairs>
[[gnu::always_inline]] inline void filter_across(const float* x,
                                                 const PolyphaseTaps* taps,
                                                 std::ptrdiff_t reach,
                                                 std::ptrdiff_t pair,
                                                 Lanes (&even)[kOrders][kPairs],
                                                 Lanes (&odd)[kOrders][kPairs]) {
  const std::ptrdiff_t step = reach + 1;
  const Lanes centre = load(x);
#pragma GCC unroll 4
  for (int k = 0; k < kOrders; ++k) {
#pragma GCC unroll 4
    for (int p = 0; p < kPairs; ++p) {
      even[k][p] = mul(centre, splat(taps[k].even[(pair + p) * step]));
      odd[k][p] = splat(0.0F);
    }
  }
  for (std::ptrdiff_t j = 1; j <= reach; ++j) {
    const Lanes right = load(x + j);
    const Lanes left = load(x - j);
    const Lanes sum = add(right, left);
    const Lanes difference = sub(right, left);
#pragma GCC unroll 4
    for (int k = 0; k < kOrders; ++k) {
#pragma GCC unroll 4
      for (int p = 0; p < kPairs; ++p) {
        even[k][p] = mul_add(sum, splat(taps[k].even[(pair + p) * step + j]), even[k][p]);
        odd[k][p] = mul_add(difference, splat(taps[k].odd[(pair + p) * step + j]), odd[k][p]);
      }
    }
  }
}

/// Filter of order k is antisymmetric.
constexpr bool turns_sign(int k) { return k == 1; }

template <int kOrders, int kPairs>
[[gnu::always_inline]] inline void across_pairs(const Strip& s,
                                                const PolyphaseTaps* taps,
                                                std::ptrdiff_t reach,
                                                std::ptrdiff_t pair,
                                                const float* x,
                                                float* planar) {
  Lanes even[kOrders][kPairs];
  Lanes odd[kOrders][kPairs];
  filter_across<kOrders, kPairs>(x, taps, reach, pair, even, odd);
  for (int k = 0; k < kOrders; ++k) {
    for (int p = 0; p < kPairs; ++p) {
      float* plane = planar + k * s.width;
      const std::ptrdiff_t first = pair + p;
      const std::ptrdiff_t second = s.scale - 1 - first;
      store(plane + first * s.across * kLanes, add(even[k][p], odd[k][p]));
      store(plane + second * s.across * kLanes,
            turns_sign(k) ? sub(odd[k][p], even[k][p]) : sub(even[k][p], odd[k][p]));
    }
  }
}

/// The phase in the middle of an odd scale: one sum per filter is zero and left out.
template <int kOrders>
[[gnu::always_inline]] inline void across_middle(const Strip& s,
                                                 const PolyphaseTaps* taps,
                                                 std::ptrdiff_t reach,
                                                 const float* x,
                                                 float* planar) {
  const std::ptrdiff_t middle = s.scale / 2;
  Lanes sums[kOrders];
  const float* weights[kOrders];
#pragma GCC unroll 4
  for (int k = 0; k < kOrders; ++k) {
    weights[k] = (turns_sign(k) ? taps[k].odd : taps[k].even) + middle * (reach + 1);
    sums[k] = mul(load(x), splat(weights[k][0]));
  }
  for (std::ptrdiff_t j = 1; j <= reach; ++j) {
    const Lanes right = load(x + j);
    const Lanes left = load(x - j);
    const Lanes sum = add(right, left);
    const Lanes difference = sub(right, left);
#pragma GCC unroll 4
    for (int k = 0; k < kOrders; ++k) {
      sums[k] = mul_add(turns_sign(k) ? difference : sum, splat(weights[k][j]), sums[k]);
    }
  }
  for (int k = 0; k < kOrders; ++k) {
    store(planar + k * s.width + middle * s.across * kLanes, sums[k]);
  }
}

template <int kOrders>
void filter_columns(const Strip& s, const PolyphaseTaps* taps, std::ptrdiff_t reach) {
  for (std::ptrdiff_t e = 0; e < s.num_rows + 2 * reach; ++e) {
    const std::ptrdiff_t row = mirrored(s.first_row + e - reach, s.image.rows);
    for (std::ptrdiff_t v = 0; v < s.across; ++v) {
      const float* x = s.image.origin + row * s.image.pitch + s.first_col + v * kLanes;
      float* planar = s.filtered + e * kOrders * s.width + v * kLanes;
      std::ptrdiff_t pair = 0;
      for (; pair + 2 <= s.scale / 2; pair += 2) {
        across_pairs<kOrders, 2>(s, taps, reach, pair, x, planar);
      }
      if (pair < s.scale / 2) across_pairs<kOrders, 1>(s, taps, reach, pair, x, planar);
      if (s.scale % 2 != 0) across_middle<kOrders>(s, taps, reach, x, planar);
    }
  }
}

/// Output phases pair .. pair + kPairs - 1 (first) and their mirror images (second) of kChunks
/// vectors of columns, from the planar rows around `centre`.
template <int kPairs, bool kTurnsSign>
[[gnu::always_inline]] inline void filter_down(const float* centre,
                                               std::ptrdiff_t pitch,
                                               const PolyphaseTaps& taps,
                                               std::ptrdiff_t reach,
                                               std::ptrdiff_t pair,
                                               Lanes (&first)[kPairs][kChunks],
                                               Lanes (&second)[kPairs][kChunks]) {
  const std::ptrdiff_t step = reach + 1;
  const float* even_taps = taps.even + pair * step;
  const float* odd_taps = taps.odd + pair * step;
  Lanes even[kPairs][kChunks];
  Lanes odd[kPairs][kChunks];
#pragma GCC unroll 4
  for (int p = 0; p < kPairs; ++p) {
#pragma GCC unroll 4
    for (int c = 0; c < kChunks; ++c) {
      even[p][c] = mul(load(centre + c * kLanes), splat(even_taps[p * step]));
      odd[p][c] = splat(0.0F);
    }
  }
  const float* below = centre;
  const float* above = centre;
  for (std::ptrdiff_t j = 1; j <= reach; ++j) {
    below += pitch;
    above -= pitch;
    Lanes sum[kChunks];
    Lanes difference[kChunks];
#pragma GCC unroll 4
    for (int c = 0; c < kChunks; ++c) {
      const Lanes low = load(below + c * kLanes);
      const Lanes high = load(above + c * kLanes);
      sum[c] = add(low, high);
      difference[c] = sub(low, high);
    }
#pragma GCC unroll 4
    for (int p = 0; p < kPairs; ++p) {
      const Lanes even_tap = splat(even_taps[p * step + j]);
      const Lanes odd_tap = splat(odd_taps[p * step + j]);
#pragma GCC unroll 4
      for (int c = 0; c < kChunks; ++c) {
        even[p][c] = mul_add(sum[c], even_tap, even[p][c]);
        odd[p][c] = mul_add(difference[c], odd_tap, odd[p][c]);
      }
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < kPairs; ++p) {
#pragma GCC unroll 4
    for (int c = 0; c < kChunks; ++c) {
      first[p][c] = add(even[p][c], odd[p][c]);
      second[p][c] = kTurnsSign ? sub(odd[p][c], even[p][c]) : sub(even[p][c], odd[p][c]);
    }
  }
}

/// The middle phase of an odd scale.
template <bool kTurnsSign>
[[gnu::always_inline]] inline void filter_down_middle(const float* centre,
                                                      std::ptrdiff_t pitch,
                                                      const PolyphaseTaps& taps,
                                                      std::ptrdiff_t reach,
                                                      std::ptrdiff_t middle,
                                                      Lanes (&out)[kChunks]) {
  const float* weights = (kTurnsSign ? taps.odd : taps.even) + middle * (reach + 1);
#pragma GCC unroll 4
  for (int c = 0; c < kChunks; ++c) out[c] = mul(load(centre + c * kLanes), splat(weights[0]));
  const float* below = centre;
  const float* above = centre;
  for (std::ptrdiff_t j = 1; j <= reach; ++j) {
    below += pitch;
    above -= pitch;
    const Lanes weight = splat(weights[j]);
#pragma GCC unroll 4
    for (int c = 0; c < kChunks; ++c) {
      const Lanes low = load(below + c * kLanes);
      const Lanes high = load(above + c * kLanes);
      out[c] = mul_add(kTurnsSign ? sub(low, high) : add(low, high), weight, out[c]);
    }
  }
}

template <int kPairs>
[[gnu::always_inline]] inline void upsample_pairs(const Strip& s,
                                                  const float* centre,
                                                  const PolyphaseTaps& taps,
                                                  std::ptrdiff_t reach,
                                                  std::ptrdiff_t pair,
                                                  float* rows) {
  Lanes first[kPairs][kChunks];
  Lanes second[kPairs][kChunks];
  filter_down<kPairs, false>(centre, s.width, taps, reach, pair, first, second);
#pragma GCC unroll 4
  for (int p = 0; p < kPairs; ++p) {
#pragma GCC unroll 4
    for (int c = 0; c < kChunks; ++c) {
      store(rows + (pair + p) * s.width + c * kLanes, first[p][c]);
      store(rows + (s.scale - 1 - pair - p) * s.width + c * kLanes, second[p][c]);
    }
  }
}

void upsample_rows(const Strip& s, const PolyphaseTaps& taps, std::ptrdiff_t reach) {
  for (std::ptrdiff_t i = 0; i < s.num_rows; ++i) {
    for (std::ptrdiff_t c = 0; c < s.width; c += kChunks * kLanes) {
      const float* centre = s.filtered + (i + reach) * s.width + c;
      float* rows = s.planes + i * s.scale * s.width + c;
      std::ptrdiff_t pair = 0;
      for (; pair + 2 <= s.scale / 2; pair += 2) {
        upsample_pairs<2>(s, centre, taps, reach, pair, rows);
      }
      if (pair < s.scale / 2) upsample_pairs<1>(s, centre, taps, reach, pair, rows);
      if (s.scale % 2 == 0) continue;
      Lanes out[kChunks];
      filter_down_middle<false>(centre, s.width, taps, reach, s.scale / 2, out);
      for (int k = 0; k < kChunks; ++k) store(rows + s.scale / 2 * s.width + k * kLanes, out[k]);
    }
  }
}

/// -smallest eigenvalue of [[rr, rc], [rc, cc]].
[[gnu::always_inline]] inline Lanes ridge_strength(Lanes rr, Lanes rc, Lanes cc) {
  const Lanes half = splat(0.5F);
  const Lanes mean = mul(half, add(rr, cc));
  const Lanes deviation = mul(half, sub(rr, cc));
  return sub(root(mul_add(deviation, deviation, mul(rc, rc))), mean);
}

[[gnu::always_inline]] inline void raise_to(float* best, Lanes rr, Lanes rc, Lanes cc, bool start) {
  const Lanes before = start ? splat(0.0F) : load(best);
  store(best, higher(ridge_strength(rr, rc, cc), before));
}

template <int kPairs>
[[gnu::always_inline]] inline void ridge_pairs(const Strip& s,
                                               const float* centre,
                                               const HessianTaps& taps,
                                               std::ptrdiff_t pair,
                                               float* rows,
                                               bool start) {
  const std::ptrdiff_t pitch = 3 * s.width;
  Lanes rr[2][kPairs][kChunks];
  Lanes rc[2][kPairs][kChunks];
  Lanes cc[2][kPairs][kChunks];
  filter_down<kPairs, false>(centre, pitch, taps.order[2], taps.reach, pair, rr[0], rr[1]);
  filter_down<kPairs, true>(centre + s.width, pitch, taps.order[1], taps.reach, pair, rc[0], rc[1]);
  filter_down<kPairs, false>(
      centre + 2 * s.width, pitch, taps.order[0], taps.reach, pair, cc[0], cc[1]);
  for (int p = 0; p < kPairs; ++p) {
    float* first = rows + (pair + p) * s.width;
    float* second = rows + (s.scale - 1 - pair - p) * s.width;
    for (int c = 0; c < kChunks; ++c) {
      raise_to(first + c * kLanes, rr[0][p][c], rc[0][p][c], cc[0][p][c], start);
      raise_to(second + c * kLanes, rr[1][p][c], rc[1][p][c], cc[1][p][c], start);
    }
  }
}

[[gnu::always_inline]] inline void ridge_middle(
    const Strip& s, const float* centre, const HessianTaps& taps, float* rows, bool start) {
  const std::ptrdiff_t pitch = 3 * s.width;
  const std::ptrdiff_t middle = s.scale / 2;
  Lanes rr[kChunks];
  Lanes rc[kChunks];
  Lanes cc[kChunks];
  filter_down_middle<false>(centre, pitch, taps.order[2], taps.reach, middle, rr);
  filter_down_middle<true>(centre + s.width, pitch, taps.order[1], taps.reach, middle, rc);
  filter_down_middle<false>(centre + 2 * s.width, pitch, taps.order[0], taps.reach, middle, cc);
  for (int c = 0; c < kChunks; ++c) {
    raise_to(rows + middle * s.width + c * kLanes, rr[c], rc[c], cc[c], start);
  }
}

void ridge_rows(const Strip& s, const HessianTaps& taps, bool start) {
  for (std::ptrdiff_t i = 0; i < s.num_rows; ++i) {
    for (std::ptrdiff_t c = 0; c < s.width; c += kChunks * kLanes) {
      const float* centre = s.filtered + (i + taps.reach) * 3 * s.width + c;
      float* rows = s.planes + i * s.scale * s.width + c;
      std::ptrdiff_t pair = 0;
      for (; pair + 2 <= s.scale / 2; pair += 2) ridge_pairs<2>(s, centre, taps, pair, rows, start);
      if (pair < s.scale / 2) ridge_pairs<1>(s, centre, taps, pair, rows, start);
      if (s.scale % 2 != 0) ridge_middle(s, centre, taps, rows, start);
    }
  }
}

#include "polyphase_output.inl"

/// Calls fill(strip) for every strip of every block.
template <class Fill>
void for_each_strip(const PaddedImage& image,
                    std::ptrdiff_t scale,
                    const BlockMemory& memory,
                    Fill fill) {
  const std::ptrdiff_t across = memory.across;
  for (std::ptrdiff_t row = 0; row < image.rows; row += memory.rows) {
    const std::ptrdiff_t left = image.rows - row;
    for (std::ptrdiff_t col = 0; col < image.cols; col += across * kLanes) {
      const Strip strip{image,
                        scale,
                        across,
                        scale * across * kLanes,
                        col,
                        row,
                        left < memory.rows ? left : memory.rows,
                        memory.filtered,
                        memory.planes};
      fill(strip);
    }
  }
}

void run_upsample(const UpsampleJob& job) {
  for_each_strip(job.image, job.scale, job.memory, [&](const Strip& strip) {
    filter_columns<1>(strip, &job.taps, job.reach);
    upsample_rows(strip, job.taps, job.reach);
    if (job.words != nullptr) return write_bits(strip, job.threshold, job.words, job.stride);
    write_strip(strip, job.out);
  });
}

void run_ridge(const RidgeJob& job) {
  for_each_strip(job.image, job.scale, job.memory, [&](const Strip& strip) {
    for (std::ptrdiff_t k = 0; k < job.num_sigmas; ++k) {
      filter_columns<3>(strip, job.sigmas[k].order, job.sigmas[k].reach);
      ridge_rows(strip, job.sigmas[k], k == 0);
    }
    write_strip(strip, job.out);
  });
}
