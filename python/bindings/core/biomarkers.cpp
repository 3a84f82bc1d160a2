// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/biomarkers/box_count.hpp"
#include "gftcore/biomarkers/outline.hpp"
#include "gftcore/biomarkers/sectors.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

std::vector<index_t> count_boxes_py(const Array<std::uint8_t>& mask,
                                    const std::vector<index_t>& sides) {
  const BitImage image = packed(mask, "mask");
  const py::gil_scoped_release unlocked;
  BoxScratch scratch;
  return count_boxes(image, sides, scratch);
}

double outline_px_py(const Array<std::uint8_t>& mask) {
  const BitImage image = packed(mask, "mask");
  const py::gil_scoped_release unlocked;
  OutlineScratch scratch;
  return perimeter_px(count_outline(image, scratch));
}

py::array count_sectors_py(const Array<std::uint8_t>& mask,
                           double row,
                           double col,
                           double inner_px,
                           double outer_px,
                           const std::optional<Array<std::uint8_t>>& excluded) {
  const BitImage vessels = packed(mask, "mask");
  BitImage left_out;
  if (excluded) left_out = packed(*excluded, "excluded");
  std::array<SectorCounts, kSectors> counts;
  {
    const py::gil_scoped_release unlocked;
    counts = count_sectors(vessels, excluded ? &left_out : nullptr, {row, col, inner_px, outer_px});
  }
  std::vector<index_t> table;
  for (const SectorCounts& c : counts) table.insert(table.end(), {c.vessel, c.valid, c.whole});
  return owned(std::move(table), {static_cast<index_t>(kSectors), 3});
}

}  // namespace

void bind_biomarkers(py::module_& m) {
  m.def("count_boxes",
        &count_boxes_py,
        py::arg("mask"),
        py::arg("sides"),
        "Boxes of each side that hold a one; boxes are aligned at the first pixel.");
  m.def("outline_px", &outline_px_py, py::arg("mask"), "Length of the contour of all ones.");
  m.def("count_sectors",
        &count_sectors_py,
        py::arg("mask"),
        py::arg("row"),
        py::arg("col"),
        py::arg("inner_px"),
        py::arg("outer_px"),
        py::arg("excluded") = py::none(),
        "Pixels of centre, up, right, down, left: vessel, valid, whole [5, 3].");
}

}  // namespace gftcore::python
