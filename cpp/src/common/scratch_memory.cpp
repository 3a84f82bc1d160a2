// SPDX-License-Identifier: Apache-2.0
#include "gftcore/common/scratch_memory.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gftcore {
namespace {

constexpr std::size_t kHugePage = std::size_t{1} << 21;

}  // namespace

void ScratchMemory::reserve(std::size_t size) {
  if (size <= capacity_) return;
  bytes_.reset();
  capacity_ = 0;
  const bool huge = size >= 2 * kHugePage;
  const std::align_val_t alignment{huge ? kHugePage : kAlignment};
  bytes_ = {static_cast<std::byte*>(::operator new(size, alignment)), AlignedDelete{alignment}};
  capacity_ = size;
#if defined(__linux__)
  // A hint: where the system declines, the pages are small ones.
  if (huge) static_cast<void>(madvise(bytes_.get(), size / kHugePage * kHugePage, MADV_HUGEPAGE));
#endif
}

}  // namespace gftcore
