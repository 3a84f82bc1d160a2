// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace gftcore {

/// Makes the C library keep what is freed instead of giving it back to the system: for programs
/// that allocate the same large blocks again and again, whose pages are else cleared each time.
/// Holds for the whole process. Returns whether this C library can.
bool keep_freed_memory();

}  // namespace gftcore
