// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Elementary functions that give the same bytes on every machine.
///
/// The functions of <cmath> differ between C libraries in the last bit, and one bit decides whether
/// a vessel branches. These use only operations that IEEE 754 rounds in one way (+ - * / sqrt,
/// scaling by powers of two) in a fixed order, and need a compiler that neither contracts nor
/// reorders them (-ffp-contract=off, no -ffast-math). Relative error below 1e-15, of `power` below
/// 1e-14 for results in 1e-30..1e30; of a cosine the absolute error is below 1e-15.
namespace gftcore::portable {

/// e^x. Domain: |x| <= 700.
double exp(double x);

/// Natural logarithm. Domain: finite x > 0, not subnormal.
double log(double x);

/// x^y = e^(y log x). Domain: x > 0, |y log x| <= 700.
double power(double x, double y);

/// The angle in [0, pi] whose cosine is x; x is clamped to [-1, 1].
double arc_cosine(double x);

/// Cosine of an angle in degrees. Domain: 0..180; exact at 0, 90 and 180.
double cosine_of_degrees(double degrees);

}  // namespace gftcore::portable
