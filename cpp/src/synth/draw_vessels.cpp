// SPDX-License-Identifier: Apache-2.0
#include "gftcore/synth/draw_vessels.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

constexpr double kFarthest = 1e6;
constexpr double kSlack = 1e-6;  // pixels; the bounds of rows and columns need not be exact

/// A vessel in pixels.
class Stroke {
 public:
  Stroke(const PlaneVessel& vessel, index_t side)
      : row_(vessel.x0 * static_cast<double>(side) - 0.5),
        col_(vessel.y0 * static_cast<double>(side) - 0.5),
        rows_((vessel.x1 * static_cast<double>(side) - 0.5) - row_),
        cols_((vessel.y1 * static_cast<double>(side) - 0.5) - col_),
        squared_length_(rows_ * rows_ + cols_ * cols_),
        half_width_(kDrawnHalfWidth * vessel.radius * static_cast<double>(side)),
        reach_(half_width_ + 0.5),
        side_(side) {}

  double half_width() const { return half_width_; }
  double reach() const { return reach_; }

  /// Rows [first, last] that it may touch; empty if first > last.
  std::pair<index_t, index_t> rows() const {
    return pixels(std::min(row_, row_ + rows_), std::max(row_, row_ + rows_));
  }

  /// Columns of a row that it may touch: those near the part of the axis that is near the row.
  std::pair<index_t, index_t> columns(index_t row) const {
    const auto r = static_cast<double>(row);
    double from = 0;
    double to = 1;
    if (rows_ != 0) {
      const double margin = reach_ + kSlack;
      const double a = (r - margin - row_) / rows_;
      const double b = (r + margin - row_) / rows_;
      from = std::clamp(std::min(a, b), 0.0, 1.0);
      to = std::clamp(std::max(a, b), 0.0, 1.0);
    }
    const double c0 = col_ + from * cols_;
    const double c1 = col_ + to * cols_;
    return pixels(std::min(c0, c1), std::max(c0, c1));
  }

  double squared_distance(index_t row, index_t col) const {
    const double r = static_cast<double>(row) - row_;
    const double c = static_cast<double>(col) - col_;
    double t = 0;
    if (squared_length_ > 0) {
      t = std::clamp((r * rows_ + c * cols_) / squared_length_, 0.0, 1.0);
    }
    const double dr = r - t * rows_;
    const double dc = c - t * cols_;
    return dr * dr + dc * dc;
  }

 private:
  std::pair<index_t, index_t> pixels(double low, double high) const {
    const auto last = static_cast<double>(side_ - 1);
    const double margin = reach_ + kSlack;
    const double first = std::max(std::ceil(low - margin), 0.0);
    const double end = std::min(std::floor(high + margin), last);
    if (!(first <= end)) return {0, -1};
    return {static_cast<index_t>(first), static_cast<index_t>(end)};
  }

  double row_, col_;    // of the first end
  double rows_, cols_;  // to the second end
  double squared_length_;
  double half_width_;
  double reach_;
  index_t side_;
};

void require_vessel(const PlaneVessel& vessel, std::size_t number) {
  for (const double coordinate : {vessel.x0, vessel.y0, vessel.x1, vessel.y1}) {
    if (std::abs(coordinate) <= kFarthest) continue;
    throw ValueError("coordinates must be finite and at most 1e6, got " +
                     std::to_string(coordinate) + " at vessel " + std::to_string(number));
  }
  if (vessel.radius > 0 && vessel.radius <= kFarthest) return;
  throw ValueError("radii must be greater than 0 and at most 1e6, got " +
                   std::to_string(vessel.radius) + " at vessel " + std::to_string(number));
}

template <class T>
void require_square(ImageView<T> image, const char* name) {
  if (image.rows() != image.cols()) {
    throw ShapeError(std::string(name) + " must be square, got (" + std::to_string(image.rows()) +
                     ", " + std::to_string(image.cols()) + ")");
  }
  require_supported_size(image.rows(), image.cols(), name);
}

/// Rows of images that are not wanted are null.
void draw_row(const Stroke& stroke, index_t row, std::uint8_t* mask, float* grey) {
  const double limit = stroke.half_width() * stroke.half_width();
  const double reach = stroke.reach();
  const auto [first, last] = stroke.columns(row);
  for (index_t col = first; col <= last; ++col) {
    const double squared = stroke.squared_distance(row, col);
    if (mask != nullptr) mask[col] |= static_cast<std::uint8_t>(squared <= limit);
    if (grey == nullptr || squared >= reach * reach) continue;
    const auto depth = static_cast<float>(std::clamp(reach - std::sqrt(squared), 0.0, 1.0));
    grey[col] = std::max(grey[col], depth);
  }
}

}  // namespace

void draw_vessels(std::span<const PlaneVessel> vessels,
                  ImageView<std::uint8_t> mask,
                  ImageView<float> grey) {
  require_square(mask, "mask");
  require_square(grey, "grey");
  if (mask.rows() > 0 && grey.rows() > 0) require_same_shape(mask, "mask", grey, "grey");
  for (std::size_t i = 0; i < vessels.size(); ++i) require_vessel(vessels[i], i);
  std::fill_n(mask.data(), mask.size(), std::uint8_t{0});
  std::fill_n(grey.data(), grey.size(), 0.0F);
  const index_t side = std::max(mask.rows(), grey.rows());
  for (const PlaneVessel& vessel : vessels) {
    const Stroke stroke(vessel, side);
    const auto [first, last] = stroke.rows();
    for (index_t row = first; row <= last; ++row) {
      draw_row(stroke,
               row,
               mask.rows() > 0 ? mask.row(row) : nullptr,
               grey.rows() > 0 ? grey.row(row) : nullptr);
    }
  }
}

void block_means(ImageView<const float> image, index_t block, ImageView<float> out) {
  if (block < 1 || image.rows() != out.rows() * block || image.cols() != out.cols() * block) {
    throw ShapeError("image must be " + std::to_string(block) + " times as large as the means");
  }
  const auto area = static_cast<double>(block * block);
  for (index_t row = 0; row < out.rows(); ++row) {
    for (index_t col = 0; col < out.cols(); ++col) {
      double sum = 0;
      for (index_t r = 0; r < block; ++r) {
        const float* pixel = image.row(row * block + r) + col * block;
        for (index_t c = 0; c < block; ++c) sum += double{pixel[c]};
      }
      out(row, col) = static_cast<float>(sum / area);
    }
  }
}

}  // namespace gftcore
