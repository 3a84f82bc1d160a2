// SPDX-License-Identifier: Apache-2.0
#include "region_intensity.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

/// Sums of integers stay integers, so that they are exact: 2^30 px * 2^15 * 2^16 < 2^63.
template <class T>
using Sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;

/// Columns count from the first run's begin and rows from the first run's row: small numbers,
/// as a float sum far from the origin would lose digits.
template <class T>
struct Sums {
  Sum<T> weight = 0;
  Sum<T> row_moment = 0;
  Sum<T> col_moment = 0;
  std::int64_t area = 0;
  T min = std::numeric_limits<T>::max();
  T max = std::numeric_limits<T>::lowest();
  std::int32_t row = -1;
  std::int32_t col = 0;
};

/// What one run adds; the moment counts columns from the run's begin.
template <class T>
struct RunSums {
  Sum<T> weight = 0;
  Sum<T> col_moment = 0;
  T min = std::numeric_limits<T>::max();
  T max = std::numeric_limits<T>::lowest();
};

template <class T>
RunSums<T> sum_pixels(const T* pixels, std::int32_t length) {
  RunSums<T> sums;
  for (std::int32_t i = 0; i < length; ++i) {
    const T value = pixels[i];
    sums.weight += value;
    sums.col_moment += static_cast<Sum<T>>(value) * i;
    sums.min = std::min(sums.min, value);
    sums.max = std::max(sums.max, value);
  }
  return sums;
}

/// The same where `factor` mask columns share one source column.
template <class T>
RunSums<T> sum_source_pixels(const T* source, const Run& run, std::int32_t factor) {
  RunSums<T> sums;
  std::int32_t begin = run.begin;
  for (std::int32_t j = run.begin / factor; begin < run.end; ++j) {
    const std::int32_t end = std::min(run.end, (j + 1) * factor);
    const std::int64_t width = end - begin;
    const std::int64_t doubled_moment = width * (begin + end - 1 - 2 * std::int64_t{run.begin});
    const T value = source[j];
    sums.weight += static_cast<Sum<T>>(value) * static_cast<Sum<T>>(width);
    sums.col_moment += static_cast<Sum<T>>(value) * static_cast<Sum<T>>(doubled_moment / 2);
    sums.min = std::min(sums.min, value);
    sums.max = std::max(sums.max, value);
    begin = end;
  }
  return sums;
}

template <class T>
void add_run(Sums<T>& region, const Run& run, const RunSums<T>& sums) {
  if (region.row < 0) {
    region.row = run.row;
    region.col = run.begin;
  }
  region.area += run.end - run.begin;
  region.weight += sums.weight;
  region.row_moment += sums.weight * (run.row - region.row);
  region.col_moment += sums.col_moment + sums.weight * (run.begin - region.col);
  region.min = std::min(region.min, sums.min);
  region.max = std::max(region.max, sums.max);
}

template <class T>
IntensityFeatures finish(const Sums<T>& sums) {
  const auto weight = static_cast<double>(sums.weight);
  return {static_cast<double>(sums.max), weight / static_cast<double>(sums.area),
          static_cast<double>(sums.min), sums.row + static_cast<double>(sums.row_moment) / weight,
          sums.col + static_cast<double>(sums.col_moment) / weight};
}

/// Mask pixels per source pixel along each side.
std::int32_t upsampling_factor(const Labelling& regions, index_t rows, index_t cols) {
  const bool divides = rows > 0 && cols > 0 && regions.rows % rows == 0 &&
                       regions.cols % cols == 0 && regions.rows / rows == regions.cols / cols;
  if (divides) return static_cast<std::int32_t>(regions.rows / rows);
  if (rows == regions.rows && cols == regions.cols) return 1;  // no pixels at all
  throw ShapeError("intensity must have the shape of the labels, (" +
                   std::to_string(regions.rows) + ", " + std::to_string(regions.cols) +
                   "), or divide both sides by one integer, got (" + std::to_string(rows) + ", " +
                   std::to_string(cols) + ")");
}

template <class T>
void measure(const Labelling& regions,
             ImageView<const T> image,
             std::vector<IntensityFeatures>& out) {
  const std::int32_t factor = upsampling_factor(regions, image.rows(), image.cols());
  std::vector<Sums<T>> sums(static_cast<std::size_t>(regions.count));
  for (std::size_t i = 0; i < regions.runs.size(); ++i) {
    const label_t label = regions.label_of_run[i];
    if (label == 0) continue;
    const Run& run = regions.runs[i];
    const T* pixels = image.row(run.row / factor);
    add_run(sums[static_cast<std::size_t>(label) - 1], run,
            factor == 1 ? sum_pixels(pixels + run.begin, run.end - run.begin)
                        : sum_source_pixels(pixels, run, factor));
  }
  out.resize(sums.size());
  std::ranges::transform(sums, out.begin(), finish<T>);
}

}  // namespace

void intensity_features(const Labelling& regions,
                        const IntensityView& intensity,
                        std::vector<IntensityFeatures>& out) {
  std::visit(
      [&]<class View>(const View& image) {
        if constexpr (!std::is_same_v<View, std::monostate>) measure(regions, image, out);
      },
      intensity);
}

}  // namespace gftcore
