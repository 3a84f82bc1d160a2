// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace gftcore {

/// Base of every error the core throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An array has the wrong shape, or a size outside the supported range.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An argument has a value outside its documented domain.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// Something the machine cannot do, such as a SIMD target it lacks.
class UnavailableError : public Error {
 public:
  using Error::Error;
};

}  // namespace gftcore
