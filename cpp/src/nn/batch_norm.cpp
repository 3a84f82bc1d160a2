// SPDX-License-Identifier: Apache-2.0
#include "gftcore/nn/batch_norm.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gftcore/common/cpu_features.hpp"
#include "gftcore/common/error.hpp"
#include "nn/blocks.hpp"
#include "nn/padding.hpp"
#include "simd/network_norm.hpp"

namespace gftcore {
namespace {

using namespace nn;

constexpr index_t kRows = 256;
constexpr double kEps = 1e-5;

template <class T>
simd::NormKernels<T> active_norm();

template <>
simd::NormKernels<float> active_norm() {
#if defined(__x86_64__)
  switch (active_target()) {
    case Target::avx512:
      return simd::norm_avx512();
    case Target::avx2:
      return simd::norm_avx2();
    case Target::scalar:
      break;
  }
#endif
  return simd::norm_scalar();
}

template <>
simd::NormKernels<double> active_norm() {
  return simd::norm_exact();
}

void check_threads(int threads) {
  if (threads < 1) throw ValueError("threads must be at least 1, got " + std::to_string(threads));
}

simd::NormAct norm_act(Activation act) {
  switch (act) {
    case Activation::none:
      return simd::NormAct::none;
    case Activation::relu:
      return simd::NormAct::relu;
    case Activation::leaky:
      return simd::NormAct::leaky;
    case Activation::elu:
      break;
  }
  throw ValueError("act must be none, relu or leaky");
}

template <class T>
void check(const RowNorm<T>& norm, int threads) {
  check_threads(threads);
  const auto width = static_cast<std::size_t>(norm.x.cols);
  if (norm.mean.size() != width || norm.variance.size() != width || norm.weight.size() != width ||
      norm.bias.size() != width) {
    throw ShapeError("mean, variance, weight and bias must have one value per column of x");
  }
}

template <class A, class B>
bool same_shape(const A& a, const B& b) {
  return a.rows == b.rows && a.cols == b.cols;
}

/// A norm as matrices that kernels take, and y = x scale + shift.
template <class T>
struct Scaled {
  Scaled(const RowNorm<T>& norm, Padding<T>& padding) {
    width = Padding<T>::padded(norm.x.cols);
    x = padding.in(norm.x, norm.x.rows, width);
    const auto size = static_cast<std::size_t>(width);
    mean.assign(size, T{0});
    scale.assign(size, T{0});
    shift.assign(size, T{0});
    for (std::size_t j = 0; j < norm.mean.size(); ++j) {
      const double factor = static_cast<double>(norm.weight[j]) / deviation(norm, j);
      mean[j] = static_cast<T>(norm.mean[j]);
      scale[j] = static_cast<T>(factor);
      shift[j] = static_cast<T>(static_cast<double>(norm.bias[j]) - norm.mean[j] * factor);
    }
    act = norm_act(norm.act);
  }

  static double deviation(const RowNorm<T>& norm, std::size_t j) {
    return std::sqrt(norm.variance[j] + kEps);
  }

  simd::AffineJob<T> job(const RowBlock& block, T* out) const {
    const index_t first = block.row * width;
    return {x.data + first,
            block.rows,
            width,
            scale.data(),
            shift.data(),
            act,
            out == nullptr ? nullptr : out + first};
  }

  index_t width = 0;
  MatrixView<const T> x;
  std::vector<T> mean, scale, shift;
  simd::NormAct act = simd::NormAct::none;
};

}  // namespace

template <class T>
void column_moments(MatrixView<const T> x, int threads, ColumnMoments to) {
  check_threads(threads);
  if (x.rows < 1) throw ShapeError("x must have at least one row");
  const auto asked = static_cast<std::size_t>(x.cols);
  if (to.mean.size() != asked || to.variance.size() != asked) {
    throw ShapeError("mean and variance must have one value per column of x");
  }
  Padding<T> padding;
  const index_t width = Padding<T>::padded(x.cols);
  const MatrixView<const T> from = padding.in(x, x.rows, width);
  const std::vector<RowBlock> blocks = blocks_of({x.rows}, kRows);
  const auto size = static_cast<std::size_t>(width);
  std::vector<T> found(blocks.size() * 2 * size);
  const simd::NormKernels<T> kernels = active_norm<T>();
  for_each_in_threads(blocks.size(), threads, [&](std::size_t i) {
    T* mean = found.data() + i * 2 * size;
    kernels.moments({from.data + blocks[i].row * width, blocks[i].rows, width, mean, mean + size});
  });
  for (std::size_t j = 0; j < asked; ++j) {
    double count = 0;
    double mean = 0;
    double square = 0;
    // Blocks are joined about their common mean: nothing cancels.
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const auto more = static_cast<double>(blocks[i].rows);
      const double far = static_cast<double>(found[i * 2 * size + j]) - mean;
      const double whole = count + more;
      mean += far * more / whole;
      square +=
          static_cast<double>(found[(i * 2 + 1) * size + j]) + far * far * count * more / whole;
      count = whole;
    }
    to.mean[j] = mean;
    to.variance[j] = square / count;
  }
}

template <class T>
void batch_norm(const RowNorm<T>& norm, int threads, MatrixView<T> out) {
  check(norm, threads);
  if (!same_shape(out, norm.x)) throw ShapeError("out must have the shape of x");
  Padding<T> padding;
  const Scaled<T> scaled(norm, padding);
  const MatrixView<T> to = padding.out(out, out.rows, scaled.width);
  const std::vector<RowBlock> blocks = blocks_of({norm.x.rows}, kRows);
  const simd::NormKernels<T> kernels = active_norm<T>();
  for_each_in_threads(blocks.size(), threads, [&](std::size_t i) {
    kernels.affine(scaled.job(blocks[i], to.data));
  });
  padding.finish();
}

template <class T>
void batch_norm_backward(const RowNorm<T>& norm,
                         MatrixView<const T> g,
                         int threads,
                         const NormGradients<T>& to) {
  check(norm, threads);
  const auto asked = static_cast<std::size_t>(norm.x.cols);
  if (!same_shape(g, norm.x) || !same_shape(to.x, norm.x) || to.weight.size() != asked ||
      to.bias.size() != asked) {
    throw ShapeError("derivatives must have the shapes of what they belong to");
  }
  Padding<T> padding;
  const Scaled<T> scaled(norm, padding);
  const index_t width = scaled.width;
  const MatrixView<const T> from = padding.in(g, g.rows, width);
  const MatrixView<T> into = padding.out(to.x, g.rows, width);
  const std::vector<RowBlock> blocks = blocks_of({norm.x.rows}, kRows);
  const auto size = static_cast<std::size_t>(width);
  std::vector<T> found(blocks.size() * 2 * size);
  std::vector<T> slant(size);
  std::vector<T> level(size);
  const auto job = [&](std::size_t i) {
    const index_t first = blocks[i].row * width;
    T* sum = found.data() + i * 2 * size;
    return simd::AffineBackJob<T>{scaled.job(blocks[i], nullptr),
                                  from.data + first,
                                  scaled.mean.data(),
                                  sum,
                                  sum + size,
                                  slant.data(),
                                  level.data(),
                                  into.data + first};
  };
  const simd::NormKernels<T> kernels = active_norm<T>();
  for_each_in_threads(blocks.size(), threads, [&](std::size_t i) { kernels.sums(job(i)); });
  const auto count = static_cast<double>(std::max<index_t>(norm.x.rows, 1));
  for (std::size_t j = 0; j < asked; ++j) {
    double sum = 0;
    double moment = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      sum += static_cast<double>(found[i * 2 * size + j]);
      moment += static_cast<double>(found[(i * 2 + 1) * size + j]);
    }
    const double deviation = Scaled<T>::deviation(norm, j);
    // The sums above are about the mean as the kernel has it, in T.
    moment += sum * (static_cast<double>(scaled.mean[j]) - norm.mean[j]);
    const double factor = static_cast<double>(norm.weight[j]) / deviation;
    const double slope = -factor * moment / (deviation * deviation * count);
    slant[j] = static_cast<T>(slope);
    level[j] = static_cast<T>(-factor * sum / count - slope * norm.mean[j]);
    to.weight[j] = static_cast<T>(moment / deviation);
    to.bias[j] = static_cast<T>(sum);
  }
  for_each_in_threads(blocks.size(), threads, [&](std::size_t i) { kernels.back(job(i)); });
  padding.finish();
}

template void column_moments(MatrixView<const float> x, int threads, ColumnMoments to);
template void column_moments(MatrixView<const double> x, int threads, ColumnMoments to);
template void batch_norm(const RowNorm<float>& norm, int threads, MatrixView<float> out);
template void batch_norm(const RowNorm<double>& norm, int threads, MatrixView<double> out);
template void batch_norm_backward(const RowNorm<float>& norm,
                                  MatrixView<const float> g,
                                  int threads,
                                  const NormGradients<float>& to);
template void batch_norm_backward(const RowNorm<double>& norm,
                                  MatrixView<const double> g,
                                  int threads,
                                  const NormGradients<double>& to);

}  // namespace gftcore
