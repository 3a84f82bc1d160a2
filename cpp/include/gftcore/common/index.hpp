// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace gftcore {

/// Sizes, ids and raster indices (row * cols + col). Signed, so differences are safe.
using index_t = std::int64_t;

/// Region labels; 0 means "no region".
using label_t = std::int32_t;

}  // namespace gftcore
