// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gftcore/common/bit_image.hpp"

namespace gftcore::fuzz {

/// Two answers differ, or one breaks a promise: what a fuzz target finds.
class Difference : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void differ(std::string_view what, const std::string& how) {
  throw Difference(std::string(what) + ": " + how);
}

inline void expect(bool holds, std::string_view what) {
  if (!holds) differ(what, "does not hold");
}

/// The image as lines of text.
inline std::string picture(const BitImage& image) {
  std::string text;
  for (index_t r = 0; r < image.rows(); ++r) {
    for (index_t c = 0; c < image.cols(); ++c) text += image.test(r, c) ? '#' : '.';
    text += '\n';
  }
  return text;
}

inline void same(const BitImage& got, const BitImage& want, std::string_view what) {
  if (got == want) return;
  differ(what, "got\n" + picture(got) + "want\n" + picture(want));
}

template <class T>
void same(const T& got, const T& want, std::string_view what) {
  if (got == want) return;
  std::ostringstream how;
  how << "got " << +got << ", want " << +want;
  differ(what, how.str());
}

template <class T>
void same(const std::vector<T>& got, const std::vector<T>& want, std::string_view what) {
  if (got.size() != want.size()) {
    differ(what,
           "got " + std::to_string(got.size()) + " entries, want " + std::to_string(want.size()));
  }
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (got[i] == want[i]) continue;
    std::ostringstream how;
    how << "entry " << i << " of " << want.size() << ": got " << +got[i] << ", want " << +want[i];
    differ(what, how.str());
  }
}

/// Equal up to a relative and an absolute error; two NaN are equal, and so are equal infinities.
inline void close(double got, double want, double tolerance, std::string_view what) {
  if (std::isnan(got) && std::isnan(want)) return;
  if (got == want) return;
  if (std::abs(got - want) <= tolerance * (1.0 + std::abs(want))) return;
  std::ostringstream how;
  how.precision(17);
  how << "got " << got << ", want " << want;
  differ(what, how.str());
}

template <class A, class B>
void close(const std::vector<A>& got,
           const std::vector<B>& want,
           double tolerance,
           std::string_view what) {
  if (got.size() != want.size()) {
    differ(what,
           "got " + std::to_string(got.size()) + " entries, want " + std::to_string(want.size()));
  }
  for (std::size_t i = 0; i < want.size(); ++i) {
    try {
      close(static_cast<double>(got[i]), static_cast<double>(want[i]), tolerance, what);
    } catch (const Difference& difference) {
      differ(difference.what(), "entry " + std::to_string(i) + " of " + std::to_string(got.size()));
    }
  }
}

/// Equal to the bit, so that NaN equals NaN.
template <class T>
void same_bytes(const std::vector<T>& got, const std::vector<T>& want, std::string_view what) {
  same(got.size(), want.size(), what);
  const auto* a = reinterpret_cast<const unsigned char*>(got.data());
  const auto* b = reinterpret_cast<const unsigned char*>(want.data());
  for (std::size_t i = 0; i < got.size() * sizeof(T); ++i) {
    if (a[i] != b[i]) differ(what, "entry " + std::to_string(i / sizeof(T)) + " has other bytes");
  }
}

/// What a kernel must leave zero: guard rows, guard words, bits past the last column.
inline void expect_clean_guards(const BitImage& image, std::string_view what) {
  for (index_t r = -1; r <= image.rows(); ++r) {
    const bool outside = r < 0 || r == image.rows();
    for (index_t k = -BitImage::kVectorWords; k < image.words() + BitImage::kVectorWords; ++k) {
      std::uint64_t allowed = ~std::uint64_t{0};
      if (outside || k < 0 || k >= image.used_words()) allowed = 0;
      if (allowed != 0 && k == image.used_words() - 1) allowed = image.last_word_mask();
      if ((image.row(r)[k] & ~allowed) != 0) {
        differ(what, "a guard word is not zero: row " + std::to_string(r));
      }
    }
  }
}

}  // namespace gftcore::fuzz
