// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "gftcore/morphology/fill.hpp"
#include "gftcore/morphology/label.hpp"
#include "gftcore/morphology/nearest_point.hpp"
#include "names.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

Frame frame_from_name(const std::string& text) {
  if (text == "none") return Frame::none;
  if (text == "background") return Frame::background;
  throw ValueError("frame must be 'none' or 'background', got '" + text + "'");
}

Array<std::int32_t> py_squared_distance(const Array<std::uint8_t>& mask, const std::string& frame) {
  const Frame outside = frame_from_name(frame);
  const auto pixels = image_view(mask, "mask");
  auto out = empty_image<std::int32_t>(pixels.rows(), pixels.cols());
  const auto view = mutable_view(out);
  {
    const py::gil_scoped_release unlocked;
    BitImage bits;
    pack(pixels, bits);
    DistanceScratch scratch;
    squared_distance(bits, outside, view, scratch);
  }
  return out;
}

std::pair<Array<label_t>, label_t> py_label(const Array<std::uint8_t>& mask,
                                            int connectivity,
                                            bool background) {
  const Connectivity contact = connectivity_of(connectivity, "connectivity");
  const auto pixels = image_view(mask, "mask");
  auto out = empty_image<label_t>(pixels.rows(), pixels.cols());
  const auto view = mutable_view(out);
  Labelling labelling;
  {
    const py::gil_scoped_release unlocked;
    BitImage bits;
    pack(pixels, bits);
    BitImage zeros;
    if (background) complement(bits, zeros);
    label_runs(background ? zeros : bits, contact, labelling);
    paint(labelling, view);
  }
  return {std::move(out), labelling.count};
}

py::array_t<bool> py_fill_small(const Array<std::uint8_t>& mask,
                                index_t area_px,
                                const std::optional<Array<std::uint8_t>>& excluded) {
  const auto pixels = image_view(mask, "mask");
  std::optional<ImageView<const std::uint8_t>> kept;
  if (excluded.has_value()) kept = image_view(*excluded, "excluded");
  BitImage bits;
  {
    const py::gil_scoped_release unlocked;
    pack(pixels, bits);
    BitImage excluded_bits;
    if (kept.has_value()) pack(*kept, excluded_bits);
    FillScratch scratch;
    fill_small(bits, area_px, kept.has_value() ? &excluded_bits : nullptr, scratch);
  }
  return bool_image(bits);
}

std::vector<std::int32_t> raster_indices(ImageView<const std::int32_t> rowcol,
                                         ImageView<const std::uint8_t> pixels) {
  std::vector<std::int32_t> indices;
  indices.reserve(static_cast<std::size_t>(rowcol.rows()));
  for (index_t i = 0; i < rowcol.rows(); ++i) {
    const index_t r = rowcol(i, 0);
    const index_t c = rowcol(i, 1);
    if (r < 0 || r >= pixels.rows() || c < 0 || c >= pixels.cols()) {
      throw ValueError("point_pixel must lie inside the mask, got (" + std::to_string(r) + ", " +
                       std::to_string(c) + ")");
    }
    indices.push_back(static_cast<std::int32_t>(r * pixels.cols() + c));
  }
  return indices;
}

Array<std::int32_t> py_assign_pixels(const Array<std::uint8_t>& mask,
                                     const Array<std::int32_t>& point_pixel) {
  const auto pixels = image_view(mask, "mask");
  const auto rowcol = image_view(point_pixel, "point_pixel");
  if (rowcol.cols() != 2) throw ShapeError("point_pixel must have shape [P, 2]");
  auto out = empty_image<std::int32_t>(pixels.rows(), pixels.cols());
  const auto view = mutable_view(out);
  {
    const py::gil_scoped_release unlocked;
    BitImage bits;
    pack(pixels, bits);
    Labelling components;
    label_runs(bits, Connectivity::eight, components);
    NearestScratch scratch;
    nearest_point(bits, components, raster_indices(rowcol, pixels), view, scratch);
  }
  return out;
}

}  // namespace

void bind_morphology(py::module_& m) {
  m.def("squared_distance",
        &py_squared_distance,
        py::arg("mask"),
        py::arg("frame"),
        "Squared distance (px^2) from each vessel pixel to the nearest background pixel.");
  m.def("label",
        &py_label,
        py::arg("mask"),
        py::arg("connectivity"),
        py::arg("background"),
        "Labels of connected components and their number.");
  m.def("fill_small",
        &py_fill_small,
        py::arg("mask"),
        py::arg("area_px"),
        py::arg("excluded"),
        "The mask with small background components filled.");
  m.def("assign_pixels",
        &py_assign_pixels,
        py::arg("mask"),
        py::arg("point_pixel"),
        "Index of the nearest point of the same component for each mask pixel.");
}

}  // namespace gftcore::python
