// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <utility>
#include <vector>

#include "counted.hpp"
#include "drawing.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "gftcore/morphology/fill.hpp"
#include "gftcore/morphology/label.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "gftcore/morphology/thinning.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  const std::vector<std::uint8_t> mask = draw_vessels();
  BitImage bits;
  count("pack", [&] { pack(view(mask), bits); });

  std::vector<std::int32_t> distance(mask.size());
  const ImageView<std::int32_t> squared(distance.data(), kSide, kSide);
  DistanceScratch distance_scratch;
  count("squared_distance",
        [&] { squared_distance(bits, Frame::none, squared, distance_scratch); });

  Labelling labels;
  std::vector<label_t> pixels(mask.size());
  count("label_runs", [&] { label_runs(bits, Connectivity::eight, labels); });
  count("paint", [&] { paint(labels, {pixels.data(), kSide, kSide}); });
  FillScratch fill_scratch;
  count_on_copy(
      "fill_small", bits, [&](BitImage& filled) { fill_small(filled, 30, nullptr, fill_scratch); });

  const std::vector<index_t> anchors = border_anchors(bits);
  count("border_anchors", [&] { border_anchors(bits); });
  BitImage skeleton;
  ThinScratch scratch;
  for (const auto& [name, method] : {std::pair{"thin fast", SkeletonMethod::fast},
                                     std::pair{"thin ordered", SkeletonMethod::ordered}}) {
    count(name, [&, method = method] { thin(bits, method, anchors, squared, skeleton, scratch); });
  }
  count_on_copy("minimal_pass", bits, [&](BitImage& thinned) { minimal_pass(thinned, anchors); });
}
