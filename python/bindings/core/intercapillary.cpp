// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/intercapillary/faz.hpp"
#include "gftcore/intercapillary/region_runs.hpp"
#include "gftcore/intercapillary/region_table.hpp"
#include "intensity_array.hpp"
#include "names.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

py::tuple region_table_py(const Array<label_t>& labels, const py::object& intensity) {
  const auto view = image_view(labels, "labels");
  const IntensityView image = intensity_view(intensity);
  RegionTable table;
  {
    const py::gil_scoped_release unlocked;
    RegionScratch scratch;
    region_table(view, image, table, scratch);
  }
  const auto names = region_columns(!intensity.is_none());
  const index_t regions = table.num_regions();
  return py::make_tuple(std::vector<std::string>(names.begin(), names.end()),
                        owned(std::move(table.values), {regions, table.num_columns}),
                        owned(std::move(table.label_id), {regions}),
                        owned(std::move(table.bbox), {regions, 4}));
}

py::tuple find_faz_py(const Array<std::uint8_t>& void_px,
                      const Array<label_t>& ica_label,
                      const std::string& method,
                      double fov_mm,
                      const std::optional<Array<std::uint8_t>>& faz_mask,
                      int connectivity) {
  const Connectivity neighbours = connectivity_of(connectivity, "connectivity");
  const FazMethod asked = faz_method_from_name(method);
  const auto labels = image_view(ica_label, "ica_label");
  const BitImage voids = packed(void_px, "void");
  BitImage mask;
  if (faz_mask) mask = packed(*faz_mask, "faz_mask");
  FazChoice choice;
  std::vector<label_t> label_id;
  {
    const py::gil_scoped_release unlocked;
    Labelling areas;
    FazScratch scratch;
    region_runs(labels, areas, label_id);
    choice = find_faz(voids, areas, asked, fov_mm, faz_mask ? &mask : nullptr, neighbours, scratch);
  }
  const label_t label =
      choice.label == 0 ? 0 : label_id[static_cast<std::size_t>(choice.label) - 1];
  return py::make_tuple(label, std::string(name(choice.used)), choice.confidence);
}

}  // namespace

void bind_intercapillary(py::module_& m) {
  m.def(
      "region_table",
      &region_table_py,
      py::arg("labels"),
      py::arg("intensity") = py::none(),
      "Shape and intensity of every region: (columns, values [R, F], label_id [R], bbox [R, 4]).");
  m.def("find_faz",
        &find_faz_py,
        py::arg("void"),
        py::arg("ica_label"),
        py::arg("method") = "auto",
        py::arg("fov_mm") = 3.0,
        py::arg("faz_mask") = py::none(),
        py::arg("connectivity") = 8,
        "The foveal avascular zone among the areas: (label, method used, confidence).");
}

}  // namespace gftcore::python
