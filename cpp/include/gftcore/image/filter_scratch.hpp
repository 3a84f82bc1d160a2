// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gftcore/common/scratch_memory.hpp"

namespace gftcore {

/// Memory that image filters reuse between calls; its content means nothing to the caller.
struct FilterScratch {
  std::vector<float> padded;
  std::vector<float> block;
  std::vector<float> mean;
  std::vector<float> square;
  std::vector<float> upsampled;
  std::vector<float> coarse;
  std::vector<float> lines;
  ScratchMemory passes;  // two images of oriented_lines
};

}  // namespace gftcore
