// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

namespace gftcore {

/// A point or direction in the simulated slab, in fields of view.
struct Vec3 {
  double x = 0;
  double y = 0;
  double z = 0;

  friend bool operator==(const Vec3&, const Vec3&) = default;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(double s, Vec3 a) { return {s * a.x, s * a.y, s * a.z}; }
inline double dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline double length(Vec3 a) { return std::sqrt(dot(a, a)); }

/// The direction of a vector; zero for zero.
inline Vec3 unit(Vec3 a) {
  const double size = length(a);
  if (size == 0) return {};
  return {a.x / size, a.y / size, a.z / size};
}

}  // namespace gftcore
