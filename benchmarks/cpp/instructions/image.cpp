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
  const auto segment_by = [&](SegmentMethod method) {
    return [&, method] {
      options.method = method;
      segment(pixels, options, mask, scratch);
    };
  };
  count("segment oriented", segment_by(SegmentMethod::oriented));
  count("segment local_contrast", segment_by(SegmentMethod::local_contrast));
  count("segment ridge", segment_by(SegmentMethod::ridge));
}
