// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/synth/vec3.hpp"

namespace gftcore::synth {

/// Mean of points, summed in order.
Vec3 centroid(const std::vector<Vec3>& points);

/// Unit eigenvector to the largest eigenvalue of the covariance of points (of equal eigenvalues the
/// one with the first index after diagonalisation). Its largest component, the first of equals, is
/// positive. Jacobi rotations: the same bytes on every machine.
Vec3 main_axis(const std::vector<Vec3>& points, Vec3 centre);

}  // namespace gftcore::synth
