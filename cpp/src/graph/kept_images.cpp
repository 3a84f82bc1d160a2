// SPDX-License-Identifier: Apache-2.0
#include "kept_images.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gftcore/common/lent.hpp"

namespace gftcore {
namespace {

using Buffers = Workspace::Buffers;

std::vector<std::uint8_t> bytes_of(const BitImage& image) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(image.rows() * image.cols()));
  unpack(image, {bytes.data(), image.rows(), image.cols()});
  return bytes;
}

ImageView<label_t> sized_like(const BitImage& image, std::vector<label_t>& pixels) {
  pixels.resize(static_cast<std::size_t>(image.rows() * image.cols()));
  return {pixels.data(), image.rows(), image.cols()};
}

std::vector<float> distance_px(ImageView<const std::int32_t> squared) {
  std::vector<float> out(static_cast<std::size_t>(squared.size()));
  std::transform(squared.data(), squared.data() + squared.size(), out.begin(), [](std::int32_t d2) {
    return d2 == kNoBackground ? std::numeric_limits<float>::infinity()
                               : static_cast<float>(std::sqrt(static_cast<double>(d2)));
  });
  return out;
}

/// Segment + 1 of each mask pixel that is assigned to a point; 0 elsewhere.
std::vector<label_t> vessel_labels(Buffers& b, bool assigned) {
  const auto points = b.point_of_pixel();
  if (!assigned) {
    const Lent foreign(b.spare[0], b.nearest_scratch.foreign);
    const Lent doubtful(b.spare[1], b.nearest_scratch.doubtful);
    Labelling components;
    label_runs(b.vessels, Connectivity::eight, components);
    nearest_point(b.vessels, components, b.graph.point_pixel, points, b.nearest_scratch);
  }
  std::vector<label_t> segment_of_point;
  for (index_t s = 0; s < b.graph.num_segments(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    segment_of_point.insert(
        segment_of_point.end(),
        static_cast<std::size_t>(b.graph.point_ptr[i + 1] - b.graph.point_ptr[i]),
        static_cast<label_t>(s + 1));
  }
  std::vector<label_t> labels(static_cast<std::size_t>(points.size()));
  std::transform(points.data(), points.data() + points.size(), labels.begin(), [&](auto point) {
    return point < 0 ? label_t{0} : segment_of_point[static_cast<std::size_t>(point)];
  });
  return labels;
}

}  // namespace

void keep_images(const ExtractOptions& options, Buffers& b, KeptImages& kept) {
  if (options.keeps(Keep::mask)) kept.mask = bytes_of(b.vessels);
  if (options.keeps(Keep::skeleton)) kept.skeleton = bytes_of(b.graph.skeleton);
  if (options.keeps(Keep::distance)) kept.distance = distance_px(b.squared_distance());
  if (options.keeps(Keep::vessel_label)) {
    kept.vessel_label = vessel_labels(b, options.features != FeatureMode::centreline);
  }
  if (options.keeps(Keep::ica_label)) paint(b.regions, sized_like(b.mask, kept.ica_label));
  if (options.keeps(Keep::face_label)) paint_faces(b.faces, sized_like(b.mask, kept.face_label));
}

}  // namespace gftcore
