// SPDX-License-Identifier: Apache-2.0
// Four floats that the compiler maps to what every processor of the architecture has.

using Real = float;
using Lanes [[gnu::vector_size(16)]] = float;
constexpr std::ptrdiff_t kLanes = 4;
constexpr int kSide = 2;
constexpr int kTall = 6;

Lanes load(const float* p) {
  Lanes x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
void store(float* p, Lanes x) { std::memcpy(p, &x, sizeof x); }
Lanes splat(float x) { return Lanes{x, x, x, x}; }
Lanes add(Lanes a, Lanes b) { return a + b; }
Lanes mul(Lanes a, Lanes b) { return a * b; }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return a * b + c; }
Lanes higher(Lanes a, Lanes b) { return a > b ? a : b; }
Lanes elu(Lanes x) {
  for (int i = 0; i < 4; ++i) x[i] = x[i] > 0 ? x[i] : std::expm1(x[i]);
  return x;
}
