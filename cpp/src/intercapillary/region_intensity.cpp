// SPDX-License-Identifier: Apache-2.0
#include "region_intensity.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

/// Sums of integers stay integers, so that they are exact: 2^30 px * 2^16 * 2^16 < 2^63.
template <class T>
using Sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, double>;

/// Sums over the pixels of a region, or of a run.
template <class T>
struct Sums {
  Sum<T> weight = 0;
  Sum<T> row_moment = 0;
  Sum<T> doubled_col_moment = 0;  // doubled, as half columns occur on the way
  T min = std::numeric_limits<T>::max();
  T max = std::numeric_limits<T>::lowest();
};

/// Sum of values, and of values times their position, over a short stretch.
template <class T, class Partial>
void add_stretch(const T* pixels, std::int32_t length, std::int32_t offset, Sums<T>& sums) {
  Partial weight = 0;
  Partial moment = 0;
  for (std::int32_t i = 0; i < length; ++i) {
    const T value = pixels[i];
    weight += static_cast<Partial>(value);
    moment += static_cast<Partial>(value) * static_cast<Partial>(i);
    sums.min = std::min(sums.min, value);
    sums.max = std::max(sums.max, value);
  }
  sums.weight += weight;
  sums.doubled_col_moment += 2 * (moment + static_cast<Sum<T>>(weight) * offset);
}

/// One pixel of the image for each pixel of the run.
template <class T>
Sums<T> sum_run(const T* row, const Run& run) {
  Sums<T> sums;
  if constexpr (std::is_integral_v<T>) {
    constexpr std::int32_t kStretch = 256;  // 2^16 * 256^2 / 2 fits in 32 bits
    for (std::int32_t c = run.begin; c < run.end; c += kStretch) {
      add_stretch<T, std::int32_t>(row + c, std::min(kStretch, run.end - c), c, sums);
    }
  } else {
    add_stretch<T, double>(row + run.begin, run.end - run.begin, run.begin, sums);
  }
  return sums;
}

/// One pixel of the image for `factor` columns; source_of_col tells which.
template <class T>
Sums<T> sum_coarse_run(const T* row,
                       const Run& run,
                       std::int32_t factor,
                       const std::int32_t* source_of_col) {
  Sums<T> sums;
  const std::int32_t first = source_of_col[run.begin];
  const std::int32_t last = source_of_col[run.end - 1];
  Sum<T> weight = 0;
  Sum<T> moment = 0;
  for (std::int32_t j = first; j <= last; ++j) {
    const T value = row[j];
    weight += static_cast<Sum<T>>(value);
    moment += static_cast<Sum<T>>(value) * static_cast<Sum<T>>(j - first);
    sums.min = std::min(sums.min, value);
    sums.max = std::max(sums.max, value);
  }
  // All columns of the source pixels, counted from the first one; then what lies outside the run.
  const std::int64_t k = factor;
  const std::int64_t origin = first * k;
  const std::int64_t head = run.begin - origin;
  const std::int64_t end = run.end - origin;
  const std::int64_t tail = (last - first + 1) * k - end;
  const auto first_value = static_cast<Sum<T>>(row[first]);
  const auto last_value = static_cast<Sum<T>>(row[last]);
  const auto as_sum = [](std::int64_t n) { return static_cast<Sum<T>>(n); };
  sums.weight = as_sum(k) * weight - as_sum(head) * first_value - as_sum(tail) * last_value;
  sums.doubled_col_moment = as_sum(2 * k * k) * moment + as_sum(k * (k - 1)) * weight -
                            as_sum(head * (head - 1)) * first_value -
                            as_sum(tail * (2 * end + tail - 1)) * last_value +
                            as_sum(2 * origin) * sums.weight;
  return sums;
}

template <class T>
void add_run(const Sums<T>& run, std::int32_t row, Sums<T>& region) {
  region.weight += run.weight;
  region.row_moment += run.weight * row;
  region.doubled_col_moment += run.doubled_col_moment;
  region.min = std::min(region.min, run.min);
  region.max = std::max(region.max, run.max);
}

template <class T>
IntensityFeatures finish(const Sums<T>& sums) {
  const auto weight = static_cast<double>(sums.weight);
  return {static_cast<double>(sums.max),
          static_cast<double>(sums.min),
          weight,
          static_cast<double>(sums.row_moment) / weight,
          static_cast<double>(sums.doubled_col_moment) / (2.0 * weight)};
}

/// Mask pixels per source pixel along each side.
std::int32_t upsampling_factor(const Labelling& regions, index_t rows, index_t cols) {
  const bool divides = rows > 0 && cols > 0 && regions.rows % rows == 0 &&
                       regions.cols % cols == 0 && regions.rows / rows == regions.cols / cols;
  if (divides) return static_cast<std::int32_t>(regions.rows / rows);
  if (rows == regions.rows && cols == regions.cols) return 1;  // no pixels at all
  throw ShapeError("intensity must have the shape of the labels, (" + std::to_string(regions.rows) +
                   ", " + std::to_string(regions.cols) +
                   "), or divide both sides by one integer, got (" + std::to_string(rows) + ", " +
                   std::to_string(cols) + ")");
}

template <class T>
void measure(const Labelling& regions,
             ImageView<const T> image,
             std::vector<IntensityFeatures>& out) {
  const std::int32_t factor = upsampling_factor(regions, image.rows(), image.cols());
  std::vector<std::int32_t> source_of_col(static_cast<std::size_t>(regions.cols));
  for (std::size_t c = 0; c < source_of_col.size(); ++c) {
    source_of_col[c] = static_cast<std::int32_t>(c) / factor;
  }
  std::vector<Sums<T>> sums(static_cast<std::size_t>(regions.count));
  for (index_t r = 0; r < regions.rows; ++r) {
    const auto begin = static_cast<std::size_t>(regions.row_ptr[static_cast<std::size_t>(r)]);
    const auto end = static_cast<std::size_t>(regions.row_ptr[static_cast<std::size_t>(r) + 1]);
    const T* row = image.row(r / factor);
    for (std::size_t i = begin; i < end; ++i) {
      const label_t label = regions.label_of_run[i];
      if (label == 0) continue;
      const Run& run = regions.runs[i];
      const Sums<T> added =
          factor == 1 ? sum_run(row, run) : sum_coarse_run(row, run, factor, source_of_col.data());
      add_run(added, run.row, sums[static_cast<std::size_t>(label) - 1]);
    }
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
