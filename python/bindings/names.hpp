// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "gftcore/common/error.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/graph/extract.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore::python {

/// The words users write for the core's choices.
template <class T, std::size_t N>
T chosen(const std::array<std::pair<std::string_view, T>, N>& choices,
         const char* argument,
         const std::string& word) {
  std::string expected;
  for (const auto& [name, value] : choices) {
    if (name == word) return value;
    expected.append(expected.empty() ? "" : ", ").append(name);
  }
  throw ValueError(std::string(argument) + " must be one of " + expected + ", got '" + word + "'");
}

template <class T>
using Choice = std::pair<std::string_view, T>;

inline constexpr std::array kSkeletonMethods{
    Choice<SkeletonMethod>{"fast", SkeletonMethod::fast},
    Choice<SkeletonMethod>{"ordered", SkeletonMethod::ordered},
    Choice<SkeletonMethod>{"zhang-skimage", SkeletonMethod::zhang_skimage},
    Choice<SkeletonMethod>{"zhang-opencv", SkeletonMethod::zhang_opencv},
    Choice<SkeletonMethod>{"guohall-opencv", SkeletonMethod::guohall_opencv},
};
inline constexpr std::array kBorders{
    Choice<Border>{"anchor", Border::anchor},
    Choice<Border>{"background", Border::background},
};
inline constexpr std::array kPruneMethods{
    Choice<PruneMethod>{"bulge", PruneMethod::bulge},
    Choice<PruneMethod>{"length", PruneMethod::length},
    Choice<PruneMethod>{"none", PruneMethod::none},
};
inline constexpr std::array kFeatureModes{
    Choice<FeatureMode>{"edt", FeatureMode::edt},
    Choice<FeatureMode>{"voreen_slab", FeatureMode::voreen_slab},
    Choice<FeatureMode>{"centreline", FeatureMode::centreline},
};
inline constexpr std::array kAdjacencyMethods{
    Choice<AdjacencyMethod>{"planar", AdjacencyMethod::planar},
    Choice<AdjacencyMethod>{"centerline4", AdjacencyMethod::centerline4},
};

inline Connectivity connectivity_of(int neighbours, const char* argument) {
  if (neighbours == 4) return Connectivity::four;
  if (neighbours == 8) return Connectivity::eight;
  throw ValueError(std::string(argument) + " must be 4 or 8, got " + std::to_string(neighbours));
}

}  // namespace gftcore::python
