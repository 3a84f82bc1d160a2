// SPDX-License-Identifier: Apache-2.0
#include "gftcore/common/cpu_features.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

std::vector<Target> detect() {
  std::vector<Target> targets{Target::scalar};
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
  if (avx2) targets.push_back(Target::avx2);
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    targets.push_back(Target::avx512);
  }
#endif
  return targets;
}

void require_available(Target target) {
  if (std::ranges::find(available_targets(), target) != available_targets().end()) return;
  std::string have;
  for (const Target t : available_targets()) have.append(have.empty() ? "" : ", ").append(name(t));
  throw UnavailableError("SIMD target " + std::string(name(target)) +
                         " is not available on this processor, which offers " + have);
}

Target initial_target() {
  const char* wanted = std::getenv("GFTCORE_SIMD");  // NOLINT(concurrency-mt-unsafe)
  if (wanted == nullptr || *wanted == '\0') return available_targets().back();
  const Target target = target_from_name(wanted);
  require_available(target);
  return target;
}

std::atomic<Target>& current() {
  static std::atomic<Target> target{initial_target()};
  return target;
}

}  // namespace

std::span<const Target> available_targets() {
  static const std::vector<Target> targets = detect();
  return targets;
}

Target active_target() { return current().load(std::memory_order_relaxed); }

void set_active_target(Target target) {
  require_available(target);
  current().store(target, std::memory_order_relaxed);
}

std::string_view name(Target target) {
  constexpr std::array<std::string_view, 3> kNames{"scalar", "avx2", "avx512"};
  return kNames.at(static_cast<std::size_t>(target));
}

Target target_from_name(std::string_view text) {
  for (const Target target : {Target::scalar, Target::avx2, Target::avx512}) {
    if (name(target) == text) return target;
  }
  throw UnavailableError("GFTCORE_SIMD must be one of scalar, avx2, avx512, got '" +
                         std::string(text) + "'");
}

}  // namespace gftcore
