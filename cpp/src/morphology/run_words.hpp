// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// Call visit(word index, bits) for the words that hold a run's columns.
template <class Visit>
void for_each_word(const Run& run, Visit visit) {
  const index_t last = (run.end - 1) >> 6;
  for (index_t k = run.begin >> 6; k <= last; ++k) {
    std::uint64_t bits = ~std::uint64_t{0};
    if (64 * k < run.begin) bits &= ~std::uint64_t{0} << (run.begin & 63);
    if (k == last) bits &= ~std::uint64_t{0} >> (63 - ((run.end - 1) & 63));
    visit(k, bits);
  }
}

}  // namespace gftcore
