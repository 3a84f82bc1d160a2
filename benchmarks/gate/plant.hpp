// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <cstring>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"

// Copied into the sources of a planted build only; see plants.py.
namespace gftcore::plant {

/// How many of `rows` rows a planted kernel does a second time; divisible by every scale in use.
inline index_t repeated(index_t rows) { return rows * 3 / 10 / 8 * 8; }

/// True where the environment asks for this slow-down and the kernel is not yet repeating itself.
class Repeat {
 public:
  explicit Repeat(const char* kernel) : active_(!repeating() && wanted(kernel)) {
    if (active_) repeating() = true;
  }
  ~Repeat() {
    if (active_) repeating() = false;
  }
  Repeat(const Repeat&) = delete;
  Repeat& operator=(const Repeat&) = delete;
  explicit operator bool() const { return active_; }

 private:
  static bool& repeating() {
    static thread_local bool value = false;
    return value;
  }
  static bool wanted(const char* kernel) {
    const char* planted = std::getenv("GFTCORE_PLANTED_KERNEL");
    return planted != nullptr && std::strcmp(planted, kernel) == 0;
  }

  bool active_;
};

inline void top_rows(const BitImage& image, BitImage& out) {
  out.reset(repeated(image.rows()), image.cols());
  for (index_t r = 0; r < out.rows(); ++r) {
    for (index_t k = 0; k < out.words(); ++k) out.row(r)[k] = image.row(r)[k];
  }
}

template <class T>
ImageView<T> top_rows(ImageView<T> image) {
  return {image.data(), repeated(image.rows()), image.cols()};
}

}  // namespace gftcore::plant
