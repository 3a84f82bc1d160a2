// SPDX-License-Identifier: Apache-2.0
// Included with Real defined: lanes of one value.

using Lanes = Real;
constexpr std::ptrdiff_t kLanes = 1;
constexpr int kSide = 8;
constexpr int kTall = 4;

Lanes load(const Real* p) { return *p; }
void store(Real* p, Lanes x) { *p = x; }
Lanes splat(Real x) { return x; }
Lanes add(Lanes a, Lanes b) { return a + b; }
Lanes mul(Lanes a, Lanes b) { return a * b; }
Lanes mul_add(Lanes a, Lanes b, Lanes c) { return a * b + c; }
Lanes higher(Lanes a, Lanes b) { return a > b ? a : b; }
Lanes elu(Lanes x) { return x > 0 ? x : std::expm1(x); }
