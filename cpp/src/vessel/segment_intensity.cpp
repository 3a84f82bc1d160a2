// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "gftcore/common/divider.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/vessel/segment_features.hpp"

namespace gftcore {
namespace {

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

template <class T>
double quantile(const std::vector<T>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  const double t = position - static_cast<double>(low);
  const auto a = static_cast<double>(sorted[low]);
  const auto b = static_cast<double>(sorted[high]);
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

template <class T>
void intensity_of_points(const SkeletonGraph& graph,
                         ImageView<const T> image,
                         std::vector<double>& out) {
  const index_t factor = image.rows() > 0 ? graph.rows / image.rows() : 0;
  if (factor < 1 || factor * image.rows() != graph.rows || factor * image.cols() != graph.cols) {
    throw ShapeError("intensity must have the mask's shape (" + std::to_string(graph.rows) + ", " +
                     std::to_string(graph.cols) + ") or divide both sides by one integer, got (" +
                     std::to_string(image.rows()) + ", " + std::to_string(image.cols()) + ")");
  }
  out.resize(at(4 * graph.num_segments()));
  const Divider row_of(graph.cols);
  const Divider scaled(factor);
  std::vector<T> values;
  for (index_t s = 0; s < graph.num_segments(); ++s) {
    values.clear();
    double sum = 0;
    for (index_t i = graph.point_ptr[at(s)]; i < graph.point_ptr[at(s) + 1]; ++i) {
      const index_t pixel = graph.point_pixel[at(i)];
      const index_t row = row_of(pixel);
      values.push_back(image(scaled(row), scaled(pixel - row * graph.cols)));
      sum += static_cast<double>(values.back());
    }
    double* row = out.data() + 4 * s;
    if (values.empty()) {
      std::fill_n(row, 4, std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const auto n = static_cast<double>(values.size());
    const double mean = sum / n;
    double squares = 0;
    for (const T v : values) {
      squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
    }
    std::sort(values.begin(), values.end());
    row[0] = mean;
    row[1] = std::sqrt(squares / n);
    row[2] = quantile(values, 0.25);
    row[3] = quantile(values, 0.75);
  }
}

}  // namespace

void segment_intensity(const SkeletonGraph& graph,
                       const IntensityView& intensity,
                       std::vector<double>& out) {
  out.clear();
  std::visit(
      [&](const auto& image) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(image)>, std::monostate>) {
          intensity_of_points(graph, image, out);
        }
      },
      intensity);
}

}  // namespace gftcore
