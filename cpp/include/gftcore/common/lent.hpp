// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace gftcore {

/// Lends a buffer to a kernel whose own one would be needed at this time only, for as long as this
/// object lives. The content is whatever the last user left.
template <class T>
class [[nodiscard]] Lent {
 public:
  Lent(T& owner, T& borrower) : owner_(owner), borrower_(borrower) { std::swap(owner_, borrower_); }
  ~Lent() { std::swap(owner_, borrower_); }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

 private:
  T& owner_;
  T& borrower_;
};

}  // namespace gftcore
