// SPDX-License-Identifier: Apache-2.0
// Included where Lanes of float are vectors, with lower, nearest(x) = the nearest integer, and
// two_to(n) = 2^n for integers -64 <= n <= 0.

/// x for x > 0, else exp(x) - 1, within 1 ulp. With x = n ln 2 + r, |r| <= ln 2 / 2:
/// exp(x) - 1 = 2^n (exp(r) - 1) + (2^n - 1), and exp(r) - 1 is a polynomial without cancellation.
Lanes elu(Lanes x) {
  const Lanes below = higher(lower(x, splat(0.0F)), splat(-40.0F));
  const Lanes n = nearest(mul(below, splat(1.44269504F)));
  // ln 2 in two parts: the first has few bits, so that its multiples are exact.
  Lanes r = mul_add(n, splat(-0.693359375F), below);
  r = mul_add(n, splat(2.12194440e-4F), r);
  Lanes series = splat(1.0F / 5040.0F);
  series = mul_add(series, r, splat(1.0F / 720.0F));
  series = mul_add(series, r, splat(1.0F / 120.0F));
  series = mul_add(series, r, splat(1.0F / 24.0F));
  series = mul_add(series, r, splat(1.0F / 6.0F));
  series = mul_add(series, r, splat(0.5F));
  series = mul_add(mul(series, r), r, r);
  const Lanes power = two_to(n);
  // exp(x) - 1 >= x, and both are 0 where x is not below it; x comes second, as NaN stays then.
  return higher(mul_add(power, series, add(power, splat(-1.0F))), x);
}
