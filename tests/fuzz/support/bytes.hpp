// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gftcore/common/index.hpp"

namespace gftcore::fuzz {

/// Reads an input's bytes one after the other; past the end all of them are 0.
class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> data) : data_(data) {}

  std::uint8_t byte() {
    if (data_.empty()) return 0;
    const std::uint8_t first = data_.front();
    data_ = data_.subspan(1);
    return first;
  }

  std::uint16_t two_bytes() {
    const unsigned low = byte();
    return static_cast<std::uint16_t>(low | static_cast<unsigned>(byte()) << 8U);
  }

  /// 0 <= result < n; takes two bytes, n <= 65536.
  index_t below(index_t n) { return n <= 1 ? 0 : index_t{two_bytes()} % n; }

  std::size_t left() const { return data_.size(); }

 private:
  std::span<const std::uint8_t> data_;
};

/// Expands a few bytes to many: SplitMix64 (Steele et al., 2014), the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
  }

  index_t below(index_t n) {
    return n <= 1 ? 0 : static_cast<index_t>((next() >> 33U) % static_cast<std::uint64_t>(n));
  }

  /// True in `parts` of 256 cases.
  bool chance(index_t parts) { return below(256) < parts; }

 private:
  std::uint64_t state_;
};

}  // namespace gftcore::fuzz
