// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/thinning.hpp"

#include <algorithm>
#include <utility>

#include "gftcore/common/checks.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "ordered_thinning.hpp"
#include "simd/thinning.hpp"

namespace gftcore {
namespace {

struct Rules {
  simd::ThinRule first, second;
};

Rules rules_of(SkeletonMethod method) {
  using simd::ThinRule;
  if (method == SkeletonMethod::zhang_skimage) {
    return {ThinRule::skimage_first, ThinRule::skimage_second};
  }
  if (method == SkeletonMethod::zhang_opencv) {
    return {ThinRule::zhang_suen_first, ThinRule::zhang_suen_second};
  }
  return {ThinRule::guo_hall_first, ThinRule::guo_hall_second};
}

/// OpenCV never looks at the pixels on the frame, so they stay.
void freeze_frame(BitImage& frozen) {
  const index_t rows = frozen.rows();
  const index_t cols = frozen.cols();
  for (index_t c = 0; c < cols; ++c) {
    frozen.set(0, c);
    frozen.set(rows - 1, c);
  }
  for (index_t r = 0; r < rows; ++r) {
    frozen.set(r, 0);
    frozen.set(r, cols - 1);
  }
}

void freeze(SkeletonMethod method, std::span<const index_t> anchors, BitImage& frozen) {
  if (method == SkeletonMethod::zhang_opencv || method == SkeletonMethod::guohall_opencv) {
    freeze_frame(frozen);
  } else if (!is_oracle(method)) {
    for (const index_t anchor : anchors) frozen.set(anchor / frozen.cols(), anchor % frozen.cols());
  }
}

bool run_pass(const simd::ThinPass& pass, Target target) {
#if defined(__x86_64__)
  if (target == Target::avx512) return simd::thin_pass_avx512(pass);
  if (target == Target::avx2) return simd::thin_pass_avx2(pass);
#else
  static_cast<void>(target);
#endif
  return simd::thin_pass_scalar(pass);
}

/// One bit a word of the image, eight words a byte, column by column of bytes, with a zero byte
/// above and below each column and a zero column on either side.
class Activity {
 public:
  Activity(ThinScratch& scratch, index_t rows, index_t blocks)
      : rows_(rows),
        blocks_(blocks),
        stride_(rows + 2),
        size_(static_cast<std::size_t>((blocks + 2) * stride_)),
        active_(scratch.active),
        changed_(scratch.changed),
        recent_(scratch.recent) {
    recent_.assign(size_, 0);
    active_.assign(size_, 0);
    changed_.assign(2 * size_, 0);
    for (index_t b = 0; b < blocks; ++b) {
      for (int pass = 0; pass < 2; ++pass) std::fill_n(changed(pass, b), rows, std::uint8_t{0xff});
    }
  }

  index_t stride() const { return stride_; }
  std::uint8_t* active(index_t block) { return active_.data() + first(block); }
  std::uint8_t* changed(int parity, index_t block) {
    return changed_.data() + static_cast<std::size_t>(parity) * size_ + first(block);
  }

  /// Activate every word that has a change of the last two passes in its 3 x 3 words: the same
  /// rule saw any other word's neighbourhood two passes ago, and deleted nothing.
  void update() {
    // Plain loops over bytes without branches: the compiler vectorises them. What the first one
    // writes to the zero bytes around a column is never used.
    const std::uint8_t* a = changed_.data();
    const std::uint8_t* b = a + size_;
    std::uint8_t* recent = recent_.data();
    for (std::size_t i = 1; i + 1 < size_; ++i) {
      recent[i] =
          static_cast<std::uint8_t>(a[i - 1] | a[i] | a[i + 1] | b[i - 1] | b[i] | b[i + 1]);
    }
    for (index_t block = 0; block < blocks_; ++block) {
      std::uint8_t* out = active(block);
      const std::uint8_t* here = recent + first(block);
      const std::uint8_t* west = recent + first(block - 1);
      const std::uint8_t* east = recent + first(block + 1);
      for (index_t r = 0; r < rows_; ++r) {
        out[r] = static_cast<std::uint8_t>(here[r] | here[r] << 1 | here[r] >> 1 | west[r] >> 7 |
                                           east[r] << 7);
      }
    }
  }

  void forget(int parity) {
    std::fill_n(
        changed_.begin() + static_cast<std::ptrdiff_t>(parity) * static_cast<std::ptrdiff_t>(size_),
        size_,
        std::uint8_t{0});
  }

 private:
  std::size_t first(index_t block) const {
    return static_cast<std::size_t>((block + 1) * stride_ + 1);
  }

  index_t rows_, blocks_, stride_;
  std::size_t size_;
  std::vector<std::uint8_t>& active_;
  std::vector<std::uint8_t>& changed_;
  std::vector<std::uint8_t>& recent_;
};

/// Alternate the method's two passes until two in a row delete nothing.
void thin_in_parallel(BitImage& image,
                      SkeletonMethod method,
                      std::span<const index_t> anchors,
                      ThinScratch& scratch,
                      Target target) {
  scratch.frozen.reset(image.rows(), image.cols());
  freeze(method, anchors, scratch.frozen);
  scratch.other = image;
  BitImage* source = &image;
  BitImage* result = &scratch.other;
  const index_t blocks = image.words() / BitImage::kVectorWords;
  Activity activity(scratch, image.rows(), blocks);
  const Rules rules = rules_of(method);
  int idle = 0;
  for (int parity = 0; idle < 2; parity = 1 - parity) {
    activity.update();
    activity.forget(parity);
    const simd::ThinPass pass{source->row(0),
                              result->row(0),
                              scratch.frozen.row(0),
                              image.rows(),
                              blocks,
                              image.stride(),
                              activity.active(0),
                              activity.changed(parity, 0),
                              activity.stride(),
                              parity == 0 ? rules.first : rules.second};
    idle = run_pass(pass, target) ? 0 : idle + 1;
    std::swap(source, result);
  }
  if (source != &image) std::swap(image, scratch.other);
}

}  // namespace

void thin(const BitImage& mask,
          SkeletonMethod method,
          std::span<const index_t> anchors,
          ImageView<const std::int32_t> squared_distance,
          BitImage& out,
          ThinScratch& scratch,
          Target target) {
  require_supported_size(mask.rows(), mask.cols(), "mask");
  out = mask;
  if (mask.rows() == 0 || mask.cols() == 0) return;
  if (method == SkeletonMethod::ordered) {
    require_same_shape(mask, "mask", squared_distance, "squared_distance");
    thin_ordered(out, anchors, squared_distance, scratch);
    return;
  }
  thin_in_parallel(out, method, anchors, scratch, target);
  if (method == SkeletonMethod::fast) minimal_pass(out, anchors);
}

}  // namespace gftcore
