// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <valgrind/callgrind.h>

#include <cstdio>

namespace gftcore::instructions {

/// Run a kernel twice and let callgrind count the second run, when memory is there, under `name`.
/// Without valgrind nothing is counted.
template <class Kernel>
void count(const char* name, Kernel kernel) {
  kernel();
  std::printf("%s\n", name);
  std::fflush(stdout);
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  kernel();
  CALLGRIND_DUMP_STATS_AT(name);
  CALLGRIND_STOP_INSTRUMENTATION;
}

/// For a kernel that changes what it is given: each run gets a copy of `value`, made uncounted.
template <class T, class Kernel>
void count_on_copy(const char* name, const T& value, Kernel kernel) {
  T copies[] = {value, value};
  count(name, [&, next = 0]() mutable { kernel(copies[next++]); });
}

}  // namespace gftcore::instructions
