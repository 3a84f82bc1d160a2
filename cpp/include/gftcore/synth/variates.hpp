// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gftcore/synth/random_stream.hpp"

namespace gftcore {

// Random numbers of other distributions, made of those of a stream and of portable_math.hpp: the
// same bytes on every machine. They are exact up to rounding; a draw leaves nothing behind but the
// numbers it took from the stream.

/// Gamma of scale 1. Domain: 1 <= shape <= 1e6.
///
/// By Marsaglia and Tsang (2000): d = shape - 1/3, c = 1 / sqrt(9 d); x = normal until 1 + c x > 0;
/// v = (1 + c x)^3; u = 1 - uniform; accepted if u < 1 - 0.0331 x^4, or
/// log u < x^2 / 2 + d (1 - v + log v), else all over again. Returns d v.
double gamma_variate(RandomStream& random, double shape);

/// Beta in [0, 1]. Domain: 1e-3 <= alpha, beta <= 1e6.
///
/// X / (X + Y) of gammas X, then Y. One of a shape a < 1 is g u^(1/a) with g = gamma_variate(a + 1)
/// and u = 1 - uniform, drawn after g. If there is such a one, the quotient is
/// g / (g + h e^(log(u_y) / beta - log(u_x) / alpha)), where g and h belong to X and Y, a shape of
/// at least 1 has no logarithm, and the exponent is clamped to [-700, 700]: nothing underflows.
double beta_variate(RandomStream& random, double alpha, double beta);

/// Beta of shapes (2, 2): the median of three uniform numbers.
double beta22_variate(RandomStream& random);

}  // namespace gftcore
