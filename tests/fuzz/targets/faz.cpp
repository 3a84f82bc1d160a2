// SPDX-License-Identifier: Apache-2.0
// The opening by a disc, and the choice of the foveal avascular zone.
#include "../naive/faz.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

constexpr FazMethod kMethods[] = {FazMethod::automatic,
                                  FazMethod::automatic,
                                  FazMethod::automatic,
                                  FazMethod::fixed,
                                  FazMethod::mask,
                                  FazMethod::mask,
                                  FazMethod::nearest,
                                  FazMethod::none};
constexpr double kFields[] = {3.0,
                              6.0,
                              1.0,
                              0.3,
                              12.0,
                              -3.0,
                              std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::infinity(),
                              1e-300,
                              1e300};

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static FazScratch scratch;
  static BitImage opened;
  static BitImage mask;
  static Labelling areas;
  static BitImage area_px;
  Bytes bytes(data);
  scene.read(bytes, {.area = 1200});
  const naive::Mask voids = naive::mask_of(scene.mask);

  open_by_disc(scene.mask, opened, scratch.opening);
  plant("open_by_disc", opened);
  same(opened, naive::bits_of(naive::opened(voids)), "open_by_disc");
  expect_clean_guards(opened, "guards of the opening");

  // The areas are those of the voids, or of noise; some have label 0.
  const bool eight = scene.option(0) % 2 == 0;
  area_px = scene.mask;
  if (scene.option(1) % 4 == 0) small_mask(7, scene.option(2), scene.shape, area_px);
  label_runs(area_px, eight ? Connectivity::eight : Connectivity::four, areas);
  const label_t dropped = 2 + scene.option(3) % 5;
  for (label_t& label : areas.label_of_run) {
    if (label % dropped == 1 && scene.option(1) / 4 % 2 == 1) label = 0;
  }
  naive::Labels painted(scene.shape.rows, scene.shape.cols);
  paint(areas, {painted.values.data(), painted.rows, painted.cols});

  const FazMethod method = kMethods[scene.option(4) % 8U];
  const double fov_mm = kFields[scene.option(5) % 16U < 10U ? scene.option(5) % 16U : 0U];
  const bool has_mask = small_mask(scene.option(6), scene.option(7), scene.shape, mask);
  const bool refused = !std::isfinite(fov_mm) || fov_mm <= 0 || method == FazMethod::nearest ||
                       method == FazMethod::none || (method == FazMethod::mask && !has_mask);
  FazChoice got;
  try {
    got = find_faz(scene.mask,
                   areas,
                   method,
                   fov_mm,
                   has_mask ? &mask : nullptr,
                   eight ? Connectivity::eight : Connectivity::four,
                   scratch);
  } catch (const ValueError&) {
    expect(refused, "good settings are taken");
    return;
  }
  expect(!refused, "bad settings are refused");
  plant("label", got.label);
  plant("confidence", got.confidence);
  const FazChoice want =
      naive::find_faz(voids, painted, areas.count, method, fov_mm, naive::mask_of(mask), eight);
  same(got.label, want.label, "label");
  expect(got.used == want.used, "method used");
  close(got.confidence, want.confidence, 1e-12, "confidence");
}

}  // namespace gftcore::fuzz
