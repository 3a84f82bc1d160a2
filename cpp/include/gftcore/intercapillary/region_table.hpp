// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gftcore/common/bit_image.hpp"
#include "gftcore/common/image_view.hpp"
#include "gftcore/common/index.hpp"
#include "gftcore/common/intensity.hpp"
#include "gftcore/intercapillary/perimeter.hpp"
#include "gftcore/morphology/label.hpp"

namespace gftcore {

/// Names of the table's columns, in order; the intensity columns come last.
std::span<const std::string_view> region_columns(bool with_intensity);

/// One row for each region that has pixels, ascending label.
struct RegionTable {
  index_t num_columns = 0;
  std::vector<double> values;                // [regions * num_columns]
  std::vector<label_t> label_id;             // [regions]
  std::vector<std::int32_t> bbox;            // [regions * 4] row, col, end row, end col; half open
  std::vector<std::uint8_t> touches_border;  // [regions]

  index_t num_regions() const { return static_cast<index_t>(label_id.size()); }
};

/// Memory that region_table() reuses.
class RegionScratch {
 public:
  RegionScratch();
  ~RegionScratch();
  RegionScratch(const RegionScratch&) = delete;
  RegionScratch& operator=(const RegionScratch&) = delete;

  struct Buffers;
  Buffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<Buffers> buffers_;
};

/// Shape and intensity of every region, with the definitions of scikit-image 0.26
/// (regionprops): centroid, area, perimeter, eccentricity, equivalent diameter, orientation,
/// solidity, largest Feret diameter, extent, axis lengths, and of `intensity` maximum, mean,
/// minimum and weighted centroid.
///
/// Runs with label 0 belong to no region. A region need not be connected, and regions may touch.
/// Areas, hulls, contours and Feret diameters are exact; so are second moments, hence a region
/// whose pixels lie on one line has minor axis 0 and eccentricity 1, and a region with equal axes
/// has eccentricity 0. Orientation lies in (-pi/2, pi/2]; for equal axes it is -pi/4. The weighted
/// centroid is not a number (or infinite) when the intensities sum to 0. Intensities must be
/// finite; those of integer type are summed exactly.
/// touches_border: the bounding box touches the image frame. `contact` saves work where the caller
/// knows that no regions touch. Rows end with `spare_columns` whose values the caller writes.
///
/// No regions give an empty table. The same bytes on every machine and SIMD target.
/// O(H*W/64 + pixels when intensity is given + runs + rows of hulls).
/// Throws ShapeError for sides longer than kMaxSide, and unless the intensity has the labelled
/// image's shape or divides both its sides by one integer.
void region_table(const Labelling& regions,
                  const IntensityView& intensity,
                  RegionTable& out,
                  RegionScratch& scratch,
                  Contact contact = Contact::possible,
                  index_t spare_columns = 0);

/// The same for a label image, values as in region_runs(); label_id holds the values.
void region_table(ImageView<const label_t> labels,
                  const IntensityView& intensity,
                  RegionTable& out,
                  RegionScratch& scratch);

/// Mark as touching the border each region with a pixel in `excluded` or 8-adjacent to it.
/// `table` describes `regions`. O(runs * their length / 64). Throws ShapeError unless shapes agree.
void mark_excluded_contact(const Labelling& regions, const BitImage& excluded, RegionTable& table);

}  // namespace gftcore
