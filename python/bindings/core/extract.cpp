// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/extract.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "gftcore/graph/batch_extractor.hpp"
#include "hetero_graph.hpp"
#include "intensity_array.hpp"
#include "names.hpp"
#include "numpy_view.hpp"
#include "segment_options.hpp"

namespace gftcore::python {
namespace {

using OptionalMask = std::optional<Array<std::uint8_t>>;

ExtractOptions extract_options(const py::dict& given) {
  ExtractOptions options;
  const auto word = [&](const char* key) { return given[key].cast<std::string>(); };
  options.skeleton = chosen(kSkeletonMethods, "skeleton", word("skeleton"));
  options.border = chosen(kBorders, "border", word("border"));
  options.skeleton_fill_px = given["skeleton_fill_px"].cast<index_t>();
  options.ica_fill_px = given["ica_fill_px"].cast<index_t>();
  options.prune.method = chosen(kPruneMethods, "prune", word("prune"));
  options.prune.bulge = given["bulge"].cast<double>();
  options.prune.max_rounds = given["max_rounds"].cast<int>();
  options.merge_px = given["merge_px"].cast<double>();
  options.features = chosen(kFeatureModes, "features", word("features"));
  options.ica_connectivity =
      connectivity_of(given["ica_connectivity"].cast<int>(), "ica_connectivity");
  options.ica_min_px = given["ica_min_px"].cast<index_t>();
  options.adjacency = chosen(kAdjacencyMethods, "adjacency", word("adjacency"));
  options.faz = faz_method_from_name(word("faz"));
  options.fov_mm = given["fov_mm"].cast<double>();
  return options;
}

std::uint8_t keep_bits(const std::vector<std::string>& keep) {
  constexpr std::array kKeeps{
      Choice<Keep>{"mask", Keep::mask},
      Choice<Keep>{"skeleton", Keep::skeleton},
      Choice<Keep>{"distance", Keep::distance},
      Choice<Keep>{"vessel_label", Keep::vessel_label},
      Choice<Keep>{"ica_label", Keep::ica_label},
      Choice<Keep>{"face_label", Keep::face_label},
      Choice<Keep>{"ridge", Keep::ridge},
  };
  std::uint8_t bits = 0;
  for (const std::string& image : keep) {
    bits |= static_cast<std::uint8_t>(chosen(kKeeps, "keep", image));
  }
  return bits;
}

ImageView<const std::uint8_t> view_or_none(const OptionalMask& mask, const char* name) {
  return mask ? image_view(*mask, name) : ImageView<const std::uint8_t>{};
}

Workspace& kept_workspace() {
  static thread_local Workspace kept;
  return kept;
}

/// Calls extraction(workspace) with the workspace for an image of so many pixels.
template <class Extraction>
HeteroGraph in_workspace(index_t pixels, Extraction extraction) {
  if (pixels > kKeptPixels) {
    Workspace workspace;
    return extraction(workspace);
  }
  return extraction(kept_workspace());
}

py::dict extract_mask(const Array<std::uint8_t>& mask,
                      const py::dict& options,
                      const py::object& intensity,
                      const OptionalMask& excluded,
                      const OptionalMask& faz_mask,
                      const std::vector<std::string>& keep) {
  ExtractOptions parsed = extract_options(options);
  parsed.keep = keep_bits(keep);
  const ExtractInput input{image_view(mask, "mask"),
                           intensity_view(intensity),
                           view_or_none(excluded, "exclude"),
                           view_or_none(faz_mask, "faz_mask")};
  HeteroGraph graph;
  {
    const py::gil_scoped_release unlocked;
    graph = in_workspace(input.mask.size(),
                         [&](Workspace& workspace) { return extract(input, parsed, workspace); });
  }
  return arrays_of(std::move(graph));
}

py::dict extract_raw(const Array<float>& image,
                     const py::dict& segmentation,
                     const py::dict& options,
                     const py::object& intensity,
                     const OptionalMask& excluded,
                     const OptionalMask& faz_mask,
                     const std::vector<std::string>& keep) {
  ExtractOptions parsed = extract_options(options);
  parsed.keep = keep_bits(keep);
  const SegmentOptions segment = segment_options(segmentation);
  const ExtractInput input{{},
                           intensity_view(intensity),
                           view_or_none(excluded, "exclude"),
                           view_or_none(faz_mask, "faz_mask")};
  const auto view = image_view(image, "image");
  HeteroGraph graph;
  {
    const py::gil_scoped_release unlocked;
    const index_t pixels = view.size() * segment.scale * segment.scale;
    graph = in_workspace(pixels, [&](Workspace& workspace) {
      return extract_image(view, segment, input, parsed, workspace);
    });
  }
  return arrays_of(std::move(graph));
}

/// A batch of items whose arrays stay referenced until their outcome has been handed out.
class Batch {
 public:
  Batch(const py::dict& options, const std::optional<py::dict>& segmentation, int threads)
      : state_(std::make_shared<State>(
            extract_options(options),
            segmentation ? segment_options(*segmentation) : SegmentOptions{},
            threads)) {}
  ~Batch() { close(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void submit(const OptionalMask& mask,
              const std::optional<Array<float>>& image,
              const py::object& intensity,
              const OptionalMask& excluded,
              const OptionalMask& faz_mask,
              const std::vector<std::string>& keep) {
    if (mask.has_value() == image.has_value()) {
      throw ValueError("an item must have either a mask or an image");
    }
    BatchJob job;
    if (image) job.image = image_view(*image, "image");
    job.input = {view_or_none(mask, "mask"),
                 intensity_view(intensity),
                 view_or_none(excluded, "exclude"),
                 view_or_none(faz_mask, "faz_mask")};
    job.keep = keep_bits(keep);
    const auto state = open_state();
    state->held.push_back(py::make_tuple(mask, image, intensity, excluded, faz_mask));
    state->extractor.submit(job);
  }

  /// The oldest item's arrays, its (code, message), or None when nothing is in flight.
  py::object next() {
    const auto state = open_state();
    std::optional<BatchOutcome> outcome;
    {
      const py::gil_scoped_release unlocked;
      outcome = state->extractor.next();
    }
    if (!outcome) return py::none();
    if (!state->held.empty()) state->held.pop_front();
    if (const auto* failed = std::get_if<BatchFailure>(&*outcome)) {
      return py::make_tuple(failed->code, failed->message);
    }
    return arrays_of(std::move(std::get<HeteroGraph>(*outcome)));
  }

  /// Threads read the arrays, so they end before the arrays are let go.
  void close() {
    const std::shared_ptr<State> state = std::move(state_);
    if (!state) return;
    const py::gil_scoped_release unlocked;
    state->extractor.close();
  }

 private:
  struct State {
    State(const ExtractOptions& options, const SegmentOptions& segmentation, int threads)
        : extractor(options, segmentation, threads) {}

    std::deque<py::object> held;  // let go after the extractor is gone, with the GIL held
    BatchExtractor extractor;
  };

  /// Shared, so that closing from another thread does not pull it from under next().
  std::shared_ptr<State> open_state() const {
    if (!state_) throw ValueError("the batch is closed");
    return state_;
  }

  std::shared_ptr<State> state_;
};

}  // namespace

void bind_extract(py::module_& m) {
  m.def("extract",
        extract_mask,
        py::arg("mask").noconvert(),
        py::arg("options"),
        py::arg("intensity"),
        py::arg("excluded"),
        py::arg("faz_mask"),
        py::arg("keep"),
        "Mask to graph, as a dict of arrays.");
  m.def("extract_image",
        extract_raw,
        py::arg("image").noconvert(),
        py::arg("segmentation"),
        py::arg("options"),
        py::arg("intensity"),
        py::arg("excluded"),
        py::arg("faz_mask"),
        py::arg("keep"),
        "Raw image to graph, as a dict of arrays.");
  py::class_<Batch>(m, "BatchExtractor", "Extracts graphs in native threads, in order.")
      .def(py::init<const py::dict&, const std::optional<py::dict>&, int>(),
           py::arg("options"),
           py::arg("segmentation"),
           py::arg("threads"))
      .def("submit",
           &Batch::submit,
           py::arg("mask"),
           py::arg("image"),
           py::arg("intensity"),
           py::arg("excluded"),
           py::arg("faz_mask"),
           py::arg("keep"))
      .def("next", &Batch::next)
      .def("close", &Batch::close);
}

}  // namespace gftcore::python
