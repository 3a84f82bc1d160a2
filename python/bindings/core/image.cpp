// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "gftcore/image/gaussian.hpp"
#include "gftcore/image/resize.hpp"
#include "gftcore/image/segment.hpp"
#include "names.hpp"
#include "numpy_view.hpp"
#include "segment_options.hpp"

namespace gftcore::python {
namespace {

constexpr std::array kSegmentMethods{
    Choice<SegmentMethod>{"oriented", SegmentMethod::oriented},
    Choice<SegmentMethod>{"local_contrast", SegmentMethod::local_contrast},
    Choice<SegmentMethod>{"ridge", SegmentMethod::ridge},
};
constexpr std::array kRidgeThresholds{
    Choice<RidgeThreshold>{"quantile", RidgeThreshold::quantile},
    Choice<RidgeThreshold>{"otsu", RidgeThreshold::otsu},
};

/// An output `scale` times as large as the image, once that is known to be a sane size.
Array<float> enlarged(ImageView<const float> image, index_t scale) {
  require_scalable(image, scale, "image");
  return empty_image<float>(image.rows() * scale, image.cols() * scale);
}

Array<float> py_resize_cubic(const Array<float>& image, index_t scale) {
  const auto pixels = image_view(image, "image");
  auto out = enlarged(pixels, scale);
  const auto view = mutable_view(out);
  {
    const py::gil_scoped_release unlocked;
    FilterScratch scratch;
    resize_cubic(pixels, scale, view, scratch);
  }
  return out;
}

Array<float> py_oriented(const Array<float>& image, double sigma, index_t scale) {
  const auto pixels = image_view(image, "image");
  auto out = enlarged(pixels, scale);
  const auto view = mutable_view(out);
  {
    const py::gil_scoped_release unlocked;
    SegmentScratch scratch;
    oriented_response(pixels, sigma, scale, view, scratch);
  }
  return out;
}

Array<float> py_local_contrast(const Array<float>& image, double sigma, index_t scale) {
  const auto pixels = image_view(image, "image");
  auto out = enlarged(pixels, scale);
  const auto view = mutable_view(out);
  {
    const py::gil_scoped_release unlocked;
    SegmentScratch scratch;
    contrast_response(pixels, sigma, scale, view, scratch);
  }
  return out;
}

Array<float> py_ridge(const Array<float>& image,
                      const std::vector<double>& sigmas_px,
                      bool normalise,
                      index_t scale) {
  const auto pixels = image_view(image, "image");
  auto out = enlarged(pixels, scale);
  const auto view = mutable_view(out);
  {
    const py::gil_scoped_release unlocked;
    SegmentScratch scratch;
    ridge_response(pixels, sigmas_px, normalise, scale, view, scratch);
  }
  return out;
}

py::array_t<bool> py_segment(const Array<float>& image, const py::dict& options) {
  const SegmentOptions parsed = segment_options(options);
  const auto pixels = image_view(image, "image");
  BitImage mask;
  {
    const py::gil_scoped_release unlocked;
    SegmentScratch scratch;
    scratch.keep_response = false;
    segment(pixels, parsed, mask, scratch);
  }
  return bool_image(mask);
}

}  // namespace

SegmentOptions segment_options(const py::dict& given) {
  SegmentOptions options;
  options.method = chosen(kSegmentMethods, "method", given["method"].cast<std::string>());
  options.scale = given["scale"].cast<index_t>();
  options.min_object_px = given["min_object_px"].cast<index_t>();
  options.oriented_sigma = given["oriented_sigma"].cast<double>();
  options.oriented_threshold = given["oriented_threshold"].cast<double>();
  options.local_contrast_sigma = given["local_contrast_sigma"].cast<double>();
  options.contrast_threshold = given["contrast_threshold"].cast<double>();
  options.ridge_sigmas_px = given["ridge_sigmas_px"].cast<std::vector<double>>();
  options.ridge_normalise = given["ridge_normalise"].cast<bool>();
  options.ridge_quantile = given["ridge_quantile"].cast<double>();
  if (py::isinstance<py::str>(given["ridge_threshold"])) {
    options.ridge_threshold =
        chosen(kRidgeThresholds, "ridge_threshold", given["ridge_threshold"].cast<std::string>());
  } else {
    options.ridge_threshold = RidgeThreshold::value;
    options.ridge_value = given["ridge_threshold"].cast<double>();
  }
  return options;
}

void bind_image(py::module_& m) {
  m.def("gaussian_taps",
        py::overload_cast<double, int>(&gaussian_taps),
        py::arg("sigma"),
        py::arg("order"),
        "Correlation taps of a Gaussian or its first or second derivative.");
  m.def("resize_cubic",
        py_resize_cubic,
        py::arg("image").noconvert(),
        py::arg("scale"),
        "Catmull-Rom enlargement by an integer factor.");
  m.def("oriented",
        py_oriented,
        py::arg("image").noconvert(),
        py::arg("sigma"),
        py::arg("scale"),
        "Contrast and strength of lines in any direction, enlarged.");
  m.def("local_contrast",
        py_local_contrast,
        py::arg("image").noconvert(),
        py::arg("sigma"),
        py::arg("scale"),
        "Image minus its Gaussian mean, enlarged.");
  m.def("ridge",
        py_ridge,
        py::arg("image").noconvert(),
        py::arg("sigmas_px"),
        py::arg("normalise"),
        py::arg("scale"),
        "Multiscale ridge strength of the enlarged image.");
  m.def("segment",
        py_segment,
        py::arg("image").noconvert(),
        py::arg("options"),
        "Vessel mask of a raw image; options are the fields of SegmentConfig.");
}

}  // namespace gftcore::python
