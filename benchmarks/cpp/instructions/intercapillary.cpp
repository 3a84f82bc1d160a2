// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "counted.hpp"
#include "drawing.hpp"
#include "gftcore/common/intensity.hpp"
#include "gftcore/intercapillary/faz.hpp"
#include "gftcore/intercapillary/region_table.hpp"
#include "gftcore/morphology/label.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  BitImage voids;
  complement(vessel_bits(), voids);
  Labelling areas;
  label_runs(voids, Connectivity::eight, areas);

  RegionTable table;
  RegionScratch scratch;
  const std::vector<float> image = photograph();
  const IntensityView intensity =
      ImageView<const float>(image.data(), kSide / kScale, kSide / kScale);
  count("region_table", [&] { region_table(areas, {}, table, scratch); });
  count("region_table intensity", [&] { region_table(areas, intensity, table, scratch); });
  FazScratch faz_scratch;
  count("find_faz", [&] {
    find_faz(voids, areas, FazMethod::automatic, 3.0, nullptr, Connectivity::eight, faz_scratch);
  });
}
