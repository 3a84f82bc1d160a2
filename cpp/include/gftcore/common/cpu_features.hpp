// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace gftcore {

/// Instruction sets with kernels of their own; each contains the ones before it.
/// avx2 means AVX2 + FMA + BMI2, avx512 also F + BW + DQ + VL.
enum class Target { scalar, avx2, avx512 };

/// What this processor can run, ascending; always starts with scalar.
std::span<const Target> available_targets();

/// The target kernels use by default: the best available one, or what the environment variable
/// GFTCORE_SIMD names (read once). Throws UnavailableError if that target is unknown or missing.
Target active_target();

/// Replace the default for the whole process (tests and benchmarks). Throws UnavailableError.
void set_active_target(Target target);

std::string_view name(Target target);

/// Inverse of name(). Throws UnavailableError.
Target target_from_name(std::string_view text);

}  // namespace gftcore
