// SPDX-License-Identifier: Apache-2.0
//
// table and choose for instruction sets without a three-operand look-up. To be included inside
// an anonymous namespace that defines Vector.

inline Vector choose(Vector s, Vector a, Vector b) { return b ^ (s & (a ^ b)); }

/// Bit 2 b + c of the lower four bits of kTable.
template <unsigned kTable>
Vector table2(Vector b, Vector c) {
  constexpr unsigned kT = kTable & 15U;
  if constexpr (kT > 7) {
    return ~table2<15U - kT>(b, c);
  } else if constexpr (kT == 0) {
    return b ^ b;  // NOLINT(misc-redundant-expression): zero of any Vector
  } else if constexpr (kT == 1) {
    return ~(b | c);
  } else if constexpr (kT == 2) {
    return ~b & c;
  } else if constexpr (kT == 3) {
    return ~b;
  } else if constexpr (kT == 4) {
    return b & ~c;
  } else if constexpr (kT == 5) {
    return ~c;
  } else if constexpr (kT == 6) {
    return b ^ c;
  } else {
    return ~(b & c);
  }
}

template <unsigned kTable>
Vector table(Vector a, Vector b, Vector c) {
  return choose(a, table2<(kTable >> 4U)>(b, c), table2<(kTable & 15U)>(b, c));
}
