// SPDX-License-Identifier: Apache-2.0
#include "gftcore/image/resize.hpp"

#include <array>
#include <string>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/image/threshold.hpp"
#include "polyphase_filter.hpp"

namespace gftcore {
namespace {

constexpr std::array kIdentity{1.0};

std::string shape_text(index_t rows, index_t cols) {
  return "(" + std::to_string(rows) + ", " + std::to_string(cols) + ")";
}

}  // namespace

void require_scalable(ImageView<const float> image, index_t scale, const char* name) {
  if (scale < 1 || scale > kMaxScale) {
    throw ValueError("scale must lie in 1.." + std::to_string(kMaxScale) + ", got " +
                     std::to_string(scale));
  }
  if (image.size() == 0 || image.rows() * scale > kMaxSide || image.cols() * scale > kMaxSide) {
    throw ShapeError(std::string(name) + " must have sides of 1.." +
                     std::to_string(kMaxSide / scale) + " px at scale " + std::to_string(scale) +
                     ", got " + shape_text(image.rows(), image.cols()));
  }
}

void resize_cubic(ImageView<const float> image,
                  index_t scale,
                  ImageView<float> out,
                  FilterScratch& scratch,
                  Target target) {
  require_scalable(image, scale, "image");
  if (out.rows() != image.rows() * scale || out.cols() != image.cols() * scale) {
    throw ShapeError("out must have shape " +
                     shape_text(image.rows() * scale, image.cols() * scale) + ", got " +
                     shape_text(out.rows(), out.cols()));
  }
  filter_symmetric(image, kIdentity, scale, out, scratch, target);
}

void resize_cubic_above(ImageView<const float> image,
                        index_t scale,
                        double threshold,
                        BitImage& out,
                        FilterScratch& scratch,
                        Target target) {
  require_scalable(image, scale, "image");
  const FilterOutput bits{.bits = &out, .threshold = floor_float(threshold)};
  filter_symmetric(image, kIdentity, scale, bits, scratch, target);
}

}  // namespace gftcore
