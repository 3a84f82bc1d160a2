// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/cpu_features.hpp"
#include "gftcore/morphology/label.hpp"

// A target calls plant() on every answer of the core before it looks at it. In a build with
// GFTCORE_FUZZ_PLANT the self-test makes each of these sites spoil its answer in turn, and asks
// that the target notices. In any other build plant() is nothing.
namespace gftcore::fuzz {

#if GFTCORE_FUZZ_PLANT

/// Remembers the site; true if it is the one whose answers are to be spoilt.
bool is_planted(const std::string& site);

/// Flip one pixel; nothing without pixels.
inline void spoil(BitImage& image) {
  if (image.rows() == 0 || image.cols() == 0) return;
  const index_t r = image.rows() / 2;
  const index_t c = image.cols() / 2;
  if (image.test(r, c)) {
    image.clear(r, c);
  } else {
    image.set(r, c);
  }
}

template <class T>
requires(std::is_arithmetic_v<T>) void spoil(T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = !value;
  } else if constexpr (std::is_floating_point_v<T>) {
    value = std::isfinite(value) ? value + T{1} + std::abs(value) / 8 : T{7};
  } else {
    value = static_cast<T>(value ^ 1);
  }
}

inline void spoil(Run& run) { ++run.end; }

template <class T>
void spoil(std::vector<T>& values) {
  if (!values.empty()) spoil(values[values.size() / 2]);
}

/// As spoil() of an element, by the name of the site and, if given, the instruction set.
template <class T>
void plant(std::string_view site, T& value) {
  if (is_planted(std::string(site))) spoil(value);
}
template <class T>
void plant(std::string_view site, Target target, T& value) {
  if (is_planted(std::string(site) + " on " + std::string(name(target)))) spoil(value);
}

#else

template <class T>
void plant(std::string_view, T&) {}
template <class T>
void plant(std::string_view, Target, T&) {}

#endif

}  // namespace gftcore::fuzz
