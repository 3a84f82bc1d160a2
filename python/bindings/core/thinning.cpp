// SPDX-License-Identifier: Apache-2.0
#include "gftcore/morphology/thinning.hpp"

#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/distance_transform.hpp"
#include "gftcore/morphology/minimal_pass.hpp"
#include "names.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

py::array anchors_of(const Array<std::uint8_t>& mask) {
  const BitImage bits = packed(mask, "mask");
  std::vector<index_t> rowcol;
  for (const index_t pixel : border_anchors(bits)) {
    rowcol.push_back(pixel / bits.cols());
    rowcol.push_back(pixel % bits.cols());
  }
  const auto count = static_cast<py::ssize_t>(rowcol.size() / 2);
  return owned(std::move(rowcol), {count, 2});
}

struct ThinMemory {
  ScratchMemory distance;
  DistanceScratch distance_scratch;
  ThinScratch scratch;
};

py::array_t<bool> thinned(const Array<std::uint8_t>& mask,
                          const std::string& method,
                          const std::string& border) {
  const SkeletonMethod chosen_method = chosen(kSkeletonMethods, "method", method);
  const Border chosen_border = chosen(kBorders, "border", border);
  const auto pixels = image_view(mask, "mask");
  BitImage skeleton;
  {
    const py::gil_scoped_release unlocked;
    BitImage bits;
    pack(pixels, bits);
    std::vector<index_t> anchors;
    if (chosen_border == Border::anchor && !is_oracle(chosen_method))
      anchors = border_anchors(bits);
    static thread_local ThinMemory kept;
    ThinMemory large;
    ThinMemory& memory = pixels.size() <= kKeptPixels ? kept : large;
    ImageView<std::int32_t> distance;
    if (chosen_method == SkeletonMethod::ordered) {
      distance = memory.distance.request_image<std::int32_t>(bits.rows(), bits.cols());
      squared_distance(bits, Frame::none, distance, memory.distance_scratch);
    }
    thin(bits, chosen_method, anchors, distance, skeleton, memory.scratch);
  }
  return bool_image(skeleton);
}

py::array_t<bool> minimal(const Array<std::uint8_t>& skeleton, const Array<index_t>& anchors) {
  BitImage bits = packed(skeleton, "skeleton");
  const std::vector<index_t> pixels = raster_indices(anchors, bits.rows(), bits.cols(), "anchors");
  {
    const py::gil_scoped_release unlocked;
    minimal_pass(bits, pixels);
  }
  return bool_image(bits);
}

}  // namespace

void bind_thinning(py::module_& m) {
  m.def("border_anchors",
        anchors_of,
        py::arg("mask").noconvert(),
        "int64 [B, 2]: the middle pixel of each foreground run on the image frame.");
  m.def("thin",
        thinned,
        py::arg("mask").noconvert(),
        py::arg("method"),
        py::arg("border"),
        "bool [H, W]: the mask thinned to lines one pixel wide.");
  m.def("minimal_pass",
        minimal,
        py::arg("skeleton").noconvert(),
        py::arg("anchors").noconvert(),
        "bool [H, W]: the skeleton without redundant pixels.");
}

}  // namespace gftcore::python
