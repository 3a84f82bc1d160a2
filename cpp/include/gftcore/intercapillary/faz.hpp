// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/intercapillary/disc_opening.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// How the foveal avascular zone is, or was, chosen among the intercapillary areas.
enum class FazMethod : std::uint8_t {
  none,       // not found
  automatic,  // largest wide opening near the image centre
  nearest,    // fallback of automatic: the area nearest the centre
  fixed,      // the area met from pixel (600, 600) of 1216 downwards
  mask,       // the area that owns most of a given mask
};

/// "none", "auto", "nearest", "fixed", "mask".
std::string_view name(FazMethod method);

/// Inverse of name() for the methods a caller may ask for: auto, fixed, mask. Throws ValueError.
FazMethod faz_method_from_name(std::string_view text);

struct FazChoice {
  label_t label = 0;  // of the chosen area; 0 = none
  FazMethod used = FazMethod::none;
  double confidence = 0.0;
};

struct FazScratch {
  OpeningScratch opening;
  BitImage opened;
  Labelling components;
  std::vector<index_t> size;
  std::vector<index_t> votes;
  std::vector<std::uint8_t> near_centre;
};

/// Choose the intercapillary area that is the foveal avascular zone.
///
/// `void_px` are the vessel-free pixels; `areas` labels some of them (runs with label 0 are in no
/// area). The image centre is ((H-1)/2, (W-1)/2).
/// automatic: open `void_px` by a disc (open_by_disc) and label the result with `connectivity`; of
///   the components with a pixel within .4 mm of the centre (max(H, W) px = fov_mm) take the
///   largest, then the area owning most of it. Confidence is 1 - second largest / largest. Without
///   such a component, or if no area owns a pixel of it: the area with the pixel nearest the
///   centre, used = nearest, confidence 0.
/// fixed: start at pixel (600 H / 1216, 600 W / 1216) and go down to the first pixel of an area.
/// mask: the area owning most ones of `faz_mask`. Confidence of the last two: not a number.
/// All ties go to the lowest label. No area found: label 0, used = none, confidence not a number
/// (also for an image without pixels). The same answer on every machine. O(H*W/64 + runs).
///
/// Throws ShapeError unless the shapes agree; ValueError for a method that cannot be asked for, a
/// missing `faz_mask` with method mask, or fov_mm that is not positive and finite.
FazChoice find_faz(const BitImage& void_px,
                   const Labelling& areas,
                   FazMethod method,
                   double fov_mm,
                   const BitImage* faz_mask,
                   Connectivity connectivity,
                   FazScratch& scratch);

}  // namespace gftcore
