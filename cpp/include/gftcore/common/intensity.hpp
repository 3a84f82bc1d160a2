// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>

#include "gftcore/common/image_view.hpp"

namespace gftcore {

/// The raw image behind a mask, or nothing. It has the mask's shape, or divides both its sides by
/// one integer k: mask pixel (r, c) then reads (r / k, c / k).
using IntensityView = std::variant<std::monostate,
                                   ImageView<const std::uint8_t>,
                                   ImageView<const std::uint16_t>,
                                   ImageView<const float>,
                                   ImageView<const double>>;

}  // namespace gftcore
