// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace gftcore {

/// A stream of random numbers: Philox4x64-10 (Salmon et al. 2011) with key (seed, stream).
///
/// Block n = 1, 2, ... is Philox of the counter (n, 0, 0, 0); its four words come in order. That is
/// NumPy's `Generator(Philox(key=[seed, stream]))`, word for word, and `uniform` is its `random()`.
/// Streams of different keys are independent. Integers and IEEE doubles only, with the logarithm of
/// portable_math.hpp: the same bytes on every machine.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t stream) : key_{seed, stream} {}

  /// 64 random bits.
  std::uint64_t bits() {
    if (used_ == kWords) refill();
    return block_[used_++];
  }

  /// Uniform in [0, 1): a multiple of 2^-53.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  /// Uniform between two numbers: low + (high - low) * uniform().
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Standard normal, by Marsaglia's polar method: x = 2u - 1, y = 2v - 1 until
  /// 0 < s = x^2 + y^2 < 1; then x * sqrt(-2 log(s) / s). The second value of a pair is not used,
  /// so that a draw leaves nothing behind.
  double normal();

 private:
  static constexpr std::size_t kWords = 4;

  void refill();

  std::array<std::uint64_t, 2> key_;
  std::uint64_t blocks_ = 0;
  std::array<std::uint64_t, kWords> block_{};
  std::size_t used_ = kWords;
};

}  // namespace gftcore
