// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/distance_transform.hpp"

#include <algorithm>

#include "../simd/distance.hpp"
#include "gftcore/common/checks.hpp"
#include "row_envelope.hpp"

namespace gftcore {
namespace {

bool has_background(const BitImage& vessels) {
  for (index_t r = 0; r < vessels.rows(); ++r) {
    const std::uint64_t* words = vessels.row(r);
    const index_t last = vessels.used_words() - 1;
    for (index_t k = 0; k < last; ++k) {
      if (words[k] != ~std::uint64_t{0}) return true;
    }
    if (words[last] != vessels.last_word_mask()) return true;
  }
  return false;
}

/// Rows whose pixels may lie beyond the kernel's reach, in time linear in their length.
void finish_far_row(const simd::DistanceJob& job, index_t r, ScratchMemory& memory) {
  const std::uint16_t* vertical = job.vertical + r * job.padded;
  const index_t capacity = job.cols + 2;
  RowEnvelope<0> envelope(memory.request<std::int64_t>(RowEnvelope<0>::kEntries * capacity),
                          capacity);
  if (job.framed) envelope.add(-1, 0);
  for (index_t c = 0; c < job.cols; ++c) {
    const std::int64_t g = vertical[c];
    if (vertical[c] != simd::kDistanceNone) envelope.add(c, g * g);
  }
  if (job.framed) envelope.add(job.cols, 0);
  std::int32_t* out = job.out + r * job.cols;
  for (index_t c = 0; c < job.cols; ++c) out[c] = static_cast<std::int32_t>(envelope.at(c));
}

void run_kernel(const simd::DistanceJob& job, Target target) {
#if defined(__x86_64__)
  if (target == Target::avx512) return simd::distance_avx512(job);
  if (target == Target::avx2) return simd::distance_avx2(job);
#endif
  simd::distance_scalar(job);
}

}  // namespace

void squared_distance(const BitImage& vessels,
                      Frame frame,
                      ImageView<std::int32_t> out,
                      DistanceScratch& scratch,
                      Target target) {
  require_supported_size(vessels.rows(), vessels.cols(), "vessels");
  require_same_shape(vessels, "vessels", out, "out");
  if (out.size() == 0) return;
  if (frame == Frame::none && !has_background(vessels)) {
    std::fill_n(out.data(), out.size(), kNoBackground);
    return;
  }
  const index_t padded = 64 * vessels.used_words();
  auto* row = scratch.row.request<std::uint16_t>(2 * (padded + simd::kDistanceReach));
  const simd::DistanceJob job{
      .words = vessels.row(0),
      .word_stride = vessels.stride(),
      .rows = vessels.rows(),
      .cols = vessels.cols(),
      .padded = padded,
      .framed = frame == Frame::background,
      .vertical = scratch.vertical.request<std::uint16_t>(vessels.rows() * padded),
      .up = row,
      .squares = row + padded,
      .far_row = scratch.far_row.request<std::uint8_t>(vessels.rows()),
      .out = out.data()};
  run_kernel(job, target);
  for (index_t r = 0; r < vessels.rows(); ++r) {
    if (job.far_row[r] != 0) finish_far_row(job, r, scratch.envelope);
  }
}

}  // namespace gftcore
