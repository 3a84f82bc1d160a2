// SPDX-License-Identifier: Apache-2.0
#include "main_axis.hpp"

#include <array>
#include <cmath>

namespace gftcore::synth {
namespace {

using Row = std::array<double, 3>;
using Matrix = std::array<Row, 3>;

// Off-diagonal elements shrink quadratically: three sweeps reach rounding, the rest is reserve.
constexpr int kSweeps = 12;

/// Turns axes p < q so that element (p, q) vanishes; columns of v are the axes.
void rotate(Matrix& a, Matrix& v, std::size_t p, std::size_t q) {
  if (a[p][q] == 0) return;
  const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const double sign = theta < 0 ? -1 : 1;
  const double tangent = sign / (sign * theta + std::sqrt(theta * theta + 1));
  const double cosine = 1 / std::sqrt(tangent * tangent + 1);
  const double sine = tangent * cosine;
  const std::size_t r = 3 - p - q;
  a[p][p] -= tangent * a[p][q];
  a[q][q] += tangent * a[p][q];
  a[p][q] = a[q][p] = 0;
  const double rp = a[r][p];
  const double rq = a[r][q];
  a[r][p] = a[p][r] = cosine * rp - sine * rq;
  a[r][q] = a[q][r] = sine * rp + cosine * rq;
  for (Row& row : v) {
    const double vp = row[p];
    const double vq = row[q];
    row[p] = cosine * vp - sine * vq;
    row[q] = sine * vp + cosine * vq;
  }
}

}  // namespace

Vec3 centroid(const std::vector<Vec3>& points) {
  Vec3 sum;
  for (const Vec3 p : points) sum = sum + p;
  const auto n = static_cast<double>(points.size());
  return {sum.x / n, sum.y / n, sum.z / n};
}

Vec3 main_axis(const std::vector<Vec3>& points, Vec3 centre) {
  Matrix a{};
  for (const Vec3 point : points) {
    const Vec3 d = point - centre;
    const Row row{d.x, d.y, d.z};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) a[i][j] += row[i] * row[j];
    }
  }
  Matrix v{Row{1, 0, 0}, Row{0, 1, 0}, Row{0, 0, 1}};
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    rotate(a, v, 0, 1);
    rotate(a, v, 0, 2);
    rotate(a, v, 1, 2);
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < 3; ++i) {
    if (a[i][i] > a[best][best]) best = i;
  }
  std::size_t largest = 0;
  for (std::size_t i = 1; i < 3; ++i) {
    if (std::abs(v[i][best]) > std::abs(v[largest][best])) largest = i;
  }
  const double sign = v[largest][best] < 0 ? -1 : 1;
  return {sign * v[0][best], sign * v[1][best], sign * v[2][best]};
}

}  // namespace gftcore::synth
