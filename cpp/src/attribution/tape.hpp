// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "attribution/path_program.hpp"
#include "gftcore/common/scratch_memory.hpp"

namespace gftcore::attribution {

/// All values before activations at one point of the path, and who leads its maxima.
template <class T>
struct Tape {
  explicit Tape(const PathProgram<T>& program) : leader(program.types()), highest(program.types()) {
    for (const TypeProgram<T>& type : program.forward.types) {
      pre.emplace_back(type.pre.size());
      post.emplace_back(type.post.size());
    }
    for (std::size_t l = 0; l < program.layers(); ++l) layer.emplace_back(program.types());
    head.resize(program.forward.head.size());
  }

  double alpha = -1;
  std::vector<std::vector<ScratchMemory>> pre;    // of each type and block: [nodes, width]
  std::vector<std::vector<ScratchMemory>> layer;  // of each layer and type: [nodes, width]
  std::vector<std::vector<ScratchMemory>> post;   // as pre; the last block's are not kept
  std::vector<std::vector<std::int32_t>> leader;  // of each type: [width] rows
  std::vector<AlignedVector<T>> highest;          // of each type: [width] the maxima
  std::vector<AlignedVector<T>> head;             // of each layer of the head: [width]

  const AlignedVector<T>& logits() const { return head.back(); }
};

}  // namespace gftcore::attribution
