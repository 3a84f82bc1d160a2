// SPDX-License-Identifier: Apache-2.0
// Thinning in all modes, border anchors and the minimal pass.
#include "gftcore/morphology/thinning.hpp"

#include <algorithm>
#include <vector>

#include "../naive/distance.hpp"
#include "../naive/thinning.hpp"
#include "check.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

constexpr SkeletonMethod kMethods[] = {SkeletonMethod::fast,
                                       SkeletonMethod::ordered,
                                       SkeletonMethod::zhang_skimage,
                                       SkeletonMethod::zhang_opencv,
                                       SkeletonMethod::guohall_opencv};
constexpr const char* kNames[] = {"fast", "ordered", "zhang_skimage", "zhang_opencv", "guohall"};

/// None, those of the frame, or any pixels at all.
std::vector<index_t> choose_anchors(const Scene& scene, Bytes& bytes) {
  std::vector<index_t> anchors;
  if (scene.option(1) % 4 == 0 || scene.shape.area() == 0) return anchors;
  if (scene.option(1) % 4 < 3) {
    anchors = border_anchors(scene.mask);
    plant("border_anchors", anchors);
    same(anchors, naive::anchors(scene.mask), "border_anchors");
    return anchors;
  }
  for (int i = 0; i < 5; ++i) anchors.push_back(bytes.below(scene.shape.area()));
  std::ranges::sort(anchors);
  anchors.erase(std::unique(anchors.begin(), anchors.end()), anchors.end());
  return anchors;
}

/// The true distances, or any others.
std::vector<std::int32_t> choose_distance(const Scene& scene) {
  if (scene.option(2) % 4 != 0) {
    return naive::squared_distance(naive::mask_of(scene.mask), Frame::none);
  }
  std::vector<std::int32_t> distance(static_cast<std::size_t>(scene.shape.area()));
  Random random(scene.option(3));
  for (std::int32_t& d : distance) d = static_cast<std::int32_t>(random.next() >> 33U);
  return distance;
}

void check_topology(const BitImage& mask, const BitImage& skeleton) {
  const naive::Mask before = naive::mask_of(mask);
  const naive::Mask after = naive::mask_of(skeleton);
  for (std::size_t i = 0; i < before.values.size(); ++i) {
    expect(after.values[i] <= before.values[i], "the skeleton lies inside the mask");
  }
  same(naive::count_components(after, true), naive::count_components(before, true), "components");
  same(naive::count_holes(after), naive::count_holes(before), "holes");
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static ThinScratch scratch;
  static BitImage out;
  Bytes bytes(data);
  scene.read(bytes);
  const std::size_t which = scene.option(0) % 5U;
  const SkeletonMethod method = kMethods[which];
  const auto anchors = choose_anchors(scene, bytes);
  std::vector<std::int32_t> distance;
  if (method == SkeletonMethod::ordered) distance = choose_distance(scene);
  const bool with_distance = method == SkeletonMethod::ordered;
  const ImageView<const std::int32_t> view(
      distance.data(), with_distance ? scene.shape.rows : 0, with_distance ? scene.shape.cols : 0);

  const BitImage want = naive::thinned(scene.mask, method, anchors, distance);
  for (const Target target : available_targets()) {
    thin(scene.mask, method, anchors, view, out, scratch, target);
    plant(kNames[which], target, out);
    same(out, want, kNames[which]);
    expect_clean_guards(out, "guards of the skeleton");
  }
  if (!is_oracle(method)) check_topology(scene.mask, out);

  BitImage minimal = scene.mask;
  minimal_pass(minimal, anchors);
  plant("minimal_pass", minimal);
  same(minimal, naive::minimal(scene.mask, anchors), "minimal_pass");
  expect_clean_guards(minimal, "guards after the minimal pass");
}

}  // namespace gftcore::fuzz
