// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/common/checks.hpp"
#include "gftcore/synth/draw_vessels.hpp"
#include "gftcore/synth/form_image.hpp"
#include "gftcore/synth/grow_vessels.hpp"
#include "gftcore/synth/random_stream.hpp"
#include "gftcore/synth/variates.hpp"
#include "numpy_view.hpp"

namespace gftcore::python {
namespace {

static_assert(sizeof(Vec3) == 3 * sizeof(double));

GrowthMode growth_mode(const py::dict& given) {
  GrowthMode mode;
  mode.iterations = given["iterations"].cast<index_t>();
  mode.tries = given["tries"].cast<index_t>();
  mode.eps_n_mm = given["eps_n_mm"].cast<double>();
  mode.eps_s_mm = given["eps_s_mm"].cast<double>();
  mode.eps_k_mm = given["eps_k_mm"].cast<double>();
  mode.delta_mm = given["delta_mm"].cast<double>();
  mode.gamma_degrees = given["gamma_degrees"].cast<double>();
  mode.omega = given["omega"].cast<double>();
  mode.kappa = given["kappa"].cast<double>();
  mode.turn_floor = given["turn_floor"].cast<double>();
  mode.steps_shrink = given["steps_shrink"].cast<bool>();
  return mode;
}

GrowthOptions growth_options(const py::dict& given) {
  GrowthOptions options;
  options.svc = growth_mode(given["svc"]);
  options.dvc = growth_mode(given["dvc"]);
  options.trees = given["trees"].cast<index_t>();
  options.depth = given["depth"].cast<double>();
  options.step_mm = given["step_mm"].cast<double>();
  options.least_step_mm = given["least_step_mm"].cast<double>();
  options.radius_mm = given["radius_mm"].cast<double>();
  options.faz_mean_mm = given["faz_mean_mm"].cast<double>();
  options.faz_sd_mm = given["faz_sd_mm"].cast<double>();
  options.turn_radius = given["turn_radius"].cast<double>();
  options.turn_after = given["turn_after"].cast<index_t>();
  options.spread_degrees = given["spread_degrees"].cast<double>();
  options.tissue_growth = given["tissue_growth"].cast<double>();
  return options;
}

py::array position_array(std::vector<Vec3>&& positions) {
  auto keep = std::make_shared<std::vector<Vec3>>(std::move(positions));
  const auto count = static_cast<py::ssize_t>(keep->size());
  const auto* data = reinterpret_cast<const double*>(keep->data());
  return borrowed<double>(data, {count, 3}, std::move(keep));
}

template <class T>
py::array column(std::vector<T>&& values) {
  const auto count = static_cast<py::ssize_t>(values.size());
  return owned(std::move(values), {count});
}

py::dict py_grow_vessels(const py::dict& options, std::uint64_t seed, std::uint64_t stream) {
  const GrowthOptions parsed = growth_options(options);
  VesselForest forest;
  {
    const py::gil_scoped_release unlocked;
    forest = grow_vessels(parsed, seed, stream);
  }
  py::dict out;
  out["node_xyz"] = position_array(std::move(forest.position));
  out["parent"] = column(std::move(forest.parent));
  out["radius"] = column(std::move(forest.radius));
  out["kappa"] = column(std::move(forest.kappa));
  out["tree"] = column(std::move(forest.tree));
  out["is_vein"] = column(std::move(forest.is_vein));
  out["faz"] = forest.faz;
  return out;
}

std::vector<PlaneVessel> plane_vessels(const Array<double>& vessels) {
  if (vessels.ndim() != 2 || vessels.shape(1) != 5) {
    throw ShapeError("vessels must be an [n, 5] array of (x0, y0, x1, y1, radius)");
  }
  const auto view = vessels.unchecked<2>();
  std::vector<PlaneVessel> out;
  out.reserve(static_cast<std::size_t>(view.shape(0)));
  for (py::ssize_t i = 0; i < view.shape(0); ++i) {
    out.push_back({view(i, 0), view(i, 1), view(i, 2), view(i, 3), view(i, 4)});
  }
  return out;
}

/// The side of a square image, before memory is asked for.
index_t side_of(index_t side_px, index_t block) {
  if (block < 1 || side_px < 1 || side_px > kMaxSide / block) {
    throw ShapeError("side_px must lie in 1.." +
                     std::to_string(kMaxSide / std::max<index_t>(block, 1)) + ", got " +
                     std::to_string(side_px));
  }
  return side_px * block;
}

py::array_t<bool> py_draw_mask(const Array<double>& vessels, index_t side_px) {
  const auto strokes = plane_vessels(vessels);
  const index_t side = side_of(side_px, 1);
  py::array_t<bool> mask({side, side});
  static_assert(sizeof(bool) == sizeof(std::uint8_t));
  const ImageView view(reinterpret_cast<std::uint8_t*>(mask.mutable_data()), side, side);
  {
    const py::gil_scoped_release unlocked;
    draw_vessels(strokes, view, {});
  }
  return mask;
}

/// Mask and image in one pass; the image is `block` times smaller.
std::tuple<py::array_t<bool>, Array<float>> py_draw_vessels(const Array<double>& vessels,
                                                            index_t side_px,
                                                            index_t block) {
  const auto strokes = plane_vessels(vessels);
  const index_t side = side_of(side_px, block);
  py::array_t<bool> mask({side, side});
  auto image = empty_image<float>(side_px, side_px);
  const ImageView mask_view(reinterpret_cast<std::uint8_t*>(mask.mutable_data()), side, side);
  const auto view = mutable_view(image);
  {
    const py::gil_scoped_release unlocked;
    std::vector<float> grey(static_cast<std::size_t>(side * side));
    const ImageView grey_view(grey.data(), side, side);
    draw_vessels(strokes, mask_view, grey_view);
    block_means(grey_view, block, view);
  }
  return {std::move(mask), std::move(image)};
}

ImageOptions image_options(const py::dict& given) {
  ImageOptions options;
  options.grid = given["grid"].cast<index_t>();
  options.calibre = given["calibre"].cast<double>();
  options.calibre_sigma_px = given["calibre_sigma_px"].cast<double>();
  options.background = given["background"].cast<double>();
  options.haze = given["haze"].cast<double>();
  options.haze_sigma_px = given["haze_sigma_px"].cast<double>();
  options.background_noise_shape = given["background_noise_shape"].cast<double>();
  options.background_noise_range = given["background_noise_range"].cast<double>();
  options.speckle = given["speckle"].cast<double>();
  options.speckle_shape = given["speckle_shape"].cast<double>();
  options.speckle_range = given["speckle_range"].cast<double>();
  options.blur_sigma_px = given["blur_sigma_px"].cast<double>();
  options.gamma_low = given["gamma_low"].cast<double>();
  options.gamma_high = given["gamma_high"].cast<double>();
  options.gain = given["gain"].cast<double>();
  options.offset = given["offset"].cast<double>();
  options.vignetting = given["vignetting"].cast<double>();
  options.shadow = given["shadow"].cast<double>();
  options.shadow_radius = given["shadow_radius"].cast<double>();
  options.stripes = given["stripes"].cast<index_t>();
  options.stripe_contrast = given["stripe_contrast"].cast<double>();
  options.stripe_rows = given["stripe_rows"].cast<index_t>();
  return options;
}

Array<std::uint8_t> py_form_image(const Array<float>& vessels,
                                  const Array<float>& background,
                                  const py::dict& options,
                                  std::uint64_t seed,
                                  std::uint64_t stream) {
  const ImageOptions parsed = image_options(options);
  const auto front = image_view(vessels, "vessels");
  const auto behind = image_view(background, "background");
  auto out = empty_image<std::uint8_t>(front.rows(), front.cols());
  const auto view = mutable_view(out);
  {
    const py::gil_scoped_release unlocked;
    form_image(front, behind, parsed, seed, stream, view);
  }
  return out;
}

Array<double> py_random_beta(
    std::uint64_t seed, std::uint64_t stream, double alpha, double beta, index_t count) {
  if (count < 0) throw ValueError("count must not be negative, got " + std::to_string(count));
  for (const double shape : {alpha, beta}) {
    if (!(shape >= 1e-3 && shape <= 1e6)) throw ValueError("alpha, beta must lie in 1e-3..1e6");
  }
  Array<double> out(count);
  RandomStream random(seed, stream);
  double* values = out.mutable_data();
  for (index_t i = 0; i < count; ++i) values[i] = beta_variate(random, alpha, beta);
  return out;
}

Array<double> py_random_stream(std::uint64_t seed,
                               std::uint64_t stream,
                               index_t count,
                               bool normal) {
  if (count < 0) throw ValueError("count must not be negative, got " + std::to_string(count));
  Array<double> out(count);
  RandomStream random(seed, stream);
  double* values = out.mutable_data();
  for (index_t i = 0; i < count; ++i) values[i] = normal ? random.normal() : random.uniform();
  return out;
}

}  // namespace

void bind_synth(py::module_& m) {
  m.def("grow_vessels",
        py_grow_vessels,
        py::arg("options"),
        py::arg("seed"),
        py::arg("stream"),
        "Arterial and venous trees, as a dict of arrays; options are those of GrowthOptions.");
  m.def("draw_mask",
        py_draw_mask,
        py::arg("vessels").noconvert(),
        py::arg("side_px"),
        "Mask of straight vessels [n, 5]: x0, y0, x1, y1, radius.");
  m.def("draw_vessels",
        py_draw_vessels,
        py::arg("vessels").noconvert(),
        py::arg("side_px"),
        py::arg("block"),
        "Mask of straight vessels and their image, which is `block` times smaller.");
  m.def("form_image",
        py_form_image,
        py::arg("vessels").noconvert(),
        py::arg("background").noconvert(),
        py::arg("options"),
        py::arg("seed"),
        py::arg("stream"),
        "Angiogram of vessels before a background; options are those of ImageOptions.");
  m.def("random_beta",
        py_random_beta,
        py::arg("seed"),
        py::arg("stream"),
        py::arg("alpha"),
        py::arg("beta"),
        py::arg("count"),
        "Beta variates from the beginning of a stream.");
  m.def("random_stream",
        py_random_stream,
        py::arg("seed"),
        py::arg("stream"),
        py::arg("count"),
        py::arg("normal"),
        "The first uniform or normal numbers of a stream.");
}

}  // namespace gftcore::python
