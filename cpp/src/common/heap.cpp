// SPDX-License-Identifier: Apache-2.0
#include "gftcore/common/heap.hpp"

#if defined(__linux__)
#include <malloc.h>
#endif

namespace gftcore {

bool keep_freed_memory() {
#if defined(__GLIBC__)
  // No blocks of their own, and no end of the heap that is given back.
  return mallopt(M_MMAP_MAX, 0) == 1 && mallopt(M_TRIM_THRESHOLD, -1) == 1 &&
         mallopt(M_TOP_PAD, 64 << 20) == 1;
#else
  return false;
#endif
}

}  // namespace gftcore
