// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "counted.hpp"
#include "drawing.hpp"
#include "gftcore/image/segment.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  const std::vector<float> image = photograph();
  const ImageView<const float> pixels(image.data(), kSide / kScale, kSide / kScale);
  SegmentScratch scratch;
  BitImage mask;
  SegmentOptions options;
  count("segment local_contrast", [&] { segment(pixels, options, mask, scratch); });
  options.method = SegmentMethod::ridge;
  count("segment ridge", [&] { segment(pixels, options, mask, scratch); });
}
