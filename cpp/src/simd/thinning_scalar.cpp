// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "thinning.hpp"

namespace gftcore::simd {
namespace {

using Vector = std::uint64_t;
constexpr int kLanes = 1;

#include "thinning_table.inl"

inline Vector load(const std::uint64_t* words) { return *words; }
inline void store(std::uint64_t* words, Vector value) { *words = value; }
inline unsigned any_lanes(Vector value) { return value != 0 ? 1U : 0U; }

#include "thinning_body.inl"

}  // namespace

bool thin_pass_scalar(const ThinPass& pass) { return thin_pass(pass); }

}  // namespace gftcore::simd
