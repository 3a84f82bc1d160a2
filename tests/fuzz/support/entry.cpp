// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "target.hpp"

/// What libFuzzer and the plain driver call.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    gftcore::fuzz::run({data, size});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "FOUND: %s\n", error.what());
    std::abort();
  }
  return 0;
}
