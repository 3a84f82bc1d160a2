// SPDX-License-Identifier: Apache-2.0
// The squared distance to the nearest background pixel.
#include "../naive/distance.hpp"

#include <vector>

#include "check.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static DistanceScratch scratch;
  static std::vector<std::int32_t> out;
  Bytes bytes(data);
  scene.read(bytes, {.area = 1100});
  const Frame frame = scene.option(0) % 2 == 0 ? Frame::none : Frame::background;
  const auto want = naive::squared_distance(naive::mask_of(scene.mask), frame);
  for (const Target target : available_targets()) {
    out.assign(want.size(), -5);
    squared_distance(
        scene.mask, frame, {out.data(), scene.shape.rows, scene.shape.cols}, scratch, target);
    plant("squared_distance", target, out);
    same(out, want, "squared_distance");
  }
}

}  // namespace gftcore::fuzz
