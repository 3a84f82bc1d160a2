// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace gftcore::fuzz {

/// Each target defines it: run one input through a kernel family. Throws Difference if two answers
/// differ; any other exception that leaves it is a finding too.
void run(std::span<const std::uint8_t> data);

}  // namespace gftcore::fuzz
