// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/extract.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "assemble.hpp"
#include "gftcore/common/checks.hpp"
#include "gftcore/common/divider.hpp"
#include "gftcore/common/lent.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "kept_images.hpp"
#include "workspace.hpp"

namespace gftcore {

Workspace::Workspace() : buffers_(std::make_unique<Buffers>()) {}
Workspace::~Workspace() = default;

namespace {

using Buffers = Workspace::Buffers;

constexpr double kSparse = 0.01;
constexpr double kDense = 0.90;

/// Appends the wall time since the previous lap under a stage's name.
class StageClock {
 public:
  explicit StageClock(std::vector<std::pair<const char*, double>>& laps) : laps_(laps) {}

  void lap(const char* stage) {
    const auto now = std::chrono::steady_clock::now();
    laps_.emplace_back(stage, std::chrono::duration<double>(now - last_).count());
    last_ = now;
  }

 private:
  std::vector<std::pair<const char*, double>>& laps_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void remove_pixels(BitImage& image, const BitImage& removed) {
  for (index_t r = 0; r < image.rows(); ++r) {
    for (index_t k = 0; k < image.used_words(); ++k) image.row(r)[k] &= ~removed.row(r)[k];
  }
}

void read_mask(ImageView<const std::uint8_t> mask, Buffers& b) {
  if (mask.rows() < 1 || mask.cols() < 1) {
    throw ShapeError("mask must have at least one pixel, got shape (" +
                     std::to_string(mask.rows()) + ", " + std::to_string(mask.cols()) + ")");
  }
  require_supported_size(mask.rows(), mask.cols(), "mask");
  pack(mask, b.mask);
}

/// A byte image of the mask's shape as bits; false if the view is absent.
bool read_optional(ImageView<const std::uint8_t> pixels,
                   const char* name,
                   const BitImage& mask,
                   BitImage& out) {
  if (pixels.data() == nullptr) return false;
  require_same_shape(mask, "mask", pixels, name);
  pack(pixels, out);
  return true;
}

void read_exclusion_and_faz(const ExtractInput& input, Buffers& b) {
  b.has_exclusion = read_optional(input.excluded, "exclude", b.mask, b.excluded);
  if (b.has_exclusion) remove_pixels(b.mask, b.excluded);
  b.has_faz_mask = read_optional(input.faz_mask, "faz_mask", b.mask, b.faz_mask);
}

/// Remarks on the mask's density; true if no pixel is background, so there is no distance.
bool remark_density(const Buffers& b, std::vector<Remark>& remarks) {
  const index_t vessels = b.mask.count();
  const index_t excluded = b.has_exclusion ? b.excluded.count() : 0;
  const index_t pixels = b.mask.rows() * b.mask.cols();
  if (vessels == 0) {
    remarks.push_back(Remark::empty_mask);
    return false;
  }
  if (vessels == pixels) {
    remarks.push_back(Remark::full_mask);
    return true;
  }
  const double density = static_cast<double>(vessels) / static_cast<double>(pixels - excluded);
  if (density < kSparse || density > kDense) remarks.push_back(Remark::density_suspect);
  return false;
}

/// Nodes that touch excluded pixels are cut vessels, as at the image frame.
void mark_border_nodes(const BitImage& excluded, SkeletonGraph& graph) {
  const auto touches = [&](std::int32_t pixel) {
    const index_t r = pixel / graph.cols;
    const index_t c = pixel % graph.cols;
    for (index_t dr = -1; dr <= 1; ++dr) {
      for (index_t dc = -1; dc <= 1; ++dc) {
        if (excluded.test(r + dr, c + dc)) return true;
      }
    }
    return false;
  };
  for (std::size_t v = 0; v < graph.node_kind.size(); ++v) {
    const auto first = graph.node_pixel.begin() + graph.node_ptr[v];
    const auto last = graph.node_pixel.begin() + graph.node_ptr[v + 1];
    if (std::any_of(first, last, touches)) {
      graph.node_kind[v] = static_cast<std::uint8_t>(NodeKind::border);
    }
  }
}

void fill_holes(index_t area_px, Buffers& b, BitImage& mask) {
  if (area_px <= 1) return;  // nothing to fill, and the labelling that would be lent stays good
  const Lent holes(b.labelling, b.fill_scratch.holes);
  const Lent background(b.spare[0], b.fill_scratch.background);
  fill_small(mask, area_px, b.exclusion(), b.fill_scratch);
}

void trace_vessels(const ExtractOptions& options, Buffers& b, StageClock& clock) {
  b.vessels = b.mask;
  fill_holes(options.skeleton_fill_px, b, b.vessels);
  const auto distance = b.squared_distance();
  {
    const Lent loan(b.point_memory, b.distance_scratch.vertical);
    squared_distance(b.vessels, Frame::none, distance, b.distance_scratch);
  }
  clock.lap("distance");

  std::vector<index_t> anchors;
  if (options.border == Border::anchor && !is_oracle(options.skeleton)) {
    anchors = border_anchors(b.vessels);
  }
  // Without any background pixel there is no distance, hence no centre to thin to.
  if (b.vessels.count() == b.vessels.rows() * b.vessels.cols()) {
    anchors.clear();
    b.graph.skeleton.reset(b.vessels.rows(), b.vessels.cols());
  } else {
    const Lent order(b.point_memory, b.thin_scratch.order);
    const Lent frozen(b.spare[0], b.thin_scratch.frozen);
    const Lent other(b.spare[1], b.thin_scratch.other);
    thin(b.vessels, options.skeleton, anchors, distance, b.graph.skeleton, b.thin_scratch);
  }
  clock.lap("thinning");

  const Lent nodes(b.spare[0], b.trace_scratch.nodes);
  const Lent junctions(b.spare[1], b.trace_scratch.junctions);
  const Lent unvisited(b.spare[2], b.trace_scratch.unvisited);
  trace_pruned(b.graph.skeleton, anchors, distance, options.prune, b.graph, b.trace_scratch);
  merge_junctions(distance, options.merge_px, b.graph);
  if (b.has_exclusion) mark_border_nodes(b.excluded, b.graph);
  clock.lap("trace and prune");
}

void measure_vessels(const ExtractInput& input,
                     const ExtractOptions& options,
                     Buffers& b,
                     bool labelled,
                     SegmentTable& table,
                     StageClock& clock) {
  centrelines(b.graph, b.squared_distance(), b.lines);
  clock.lap("centrelines");
  if (options.features != FeatureMode::centreline) {
    const Lent foreign(b.spare[0], b.nearest_scratch.foreign);
    const Lent doubtful(b.spare[1], b.nearest_scratch.doubtful);
    const auto points = b.point_of_pixel();
    if (!labelled) label_runs(b.vessels, Connectivity::eight, b.labelling);
    nearest_point(b.vessels, b.labelling, b.graph.point_pixel, points, b.nearest_scratch);
    const Lent counts(b.nearest_scratch.sites, b.surface_scratch.pixels_of_point);
    surface_features(b.graph, b.vessels, points, options.features, b.surface, b.surface_scratch);
  }
  segment_table(
      b.graph, b.lines, options.features, b.surface, input.intensity, table, kDegreeColumns);
  clock.lap("vessel features");
}

/// Drop regions below the minimal area and number the rest from 1.
void drop_small_regions(index_t min_px, Labelling& regions) {
  std::vector<index_t> area(static_cast<std::size_t>(regions.count) + 1, 0);
  for (std::size_t i = 0; i < regions.runs.size(); ++i) {
    area[static_cast<std::size_t>(regions.label_of_run[i])] +=
        regions.runs[i].end - regions.runs[i].begin;
  }
  std::vector<label_t> kept(area.size(), 0);
  label_t next = 0;
  for (std::size_t label = 1; label < area.size(); ++label) {
    if (area[label] >= min_px) kept[label] = ++next;
  }
  for (label_t& label : regions.label_of_run) label = kept[static_cast<std::size_t>(label)];
  regions.count = next;
}

void measure_regions(const ExtractInput& input,
                     const ExtractOptions& options,
                     Buffers& b,
                     StageClock& clock) {
  b.voids = b.mask;
  fill_holes(options.ica_fill_px, b, b.voids);
  complement(b.voids, b.voids);
  if (b.has_exclusion) remove_pixels(b.voids, b.excluded);
  label_runs(b.voids, options.ica_connectivity, b.regions);
  drop_small_regions(options.ica_min_px, b.regions);
  // Different 8-connected regions never touch.
  const Contact contact =
      options.ica_connectivity == Connectivity::eight ? Contact::none : Contact::possible;
  region_table(b.regions,
               input.intensity,
               b.region_table,
               b.region_scratch,
               contact,
               std::ssize(kDegreeColumns));
  if (b.has_exclusion) mark_excluded_contact(b.regions, b.excluded, b.region_table);
  clock.lap("regions");
}

void choose_faz(const ExtractOptions& options, Buffers& b, FazChoice& out) {
  const FazMethod method = b.has_faz_mask ? FazMethod::mask : options.faz;
  OpeningScratch& opening = b.faz_scratch.opening;
  const Lent outside(b.spare[0], opening.outside);
  const Lent opened(b.spare[1], b.faz_scratch.opened);
  const Lent spread_2(b.spare[2], opening.spread[0]);
  const Lent spread_3(b.spare[3], opening.spread[1]);
  const Lent spread_4(b.spare[4], opening.spread[2]);
  const Lent components(b.labelling, b.faz_scratch.components);
  out = find_faz(b.voids,
                 b.regions,
                 method,
                 options.fov_mm,
                 b.has_faz_mask ? &b.faz_mask : nullptr,
                 options.ica_connectivity,
                 b.faz_scratch);
}

void connect(const ExtractOptions& options, Buffers& b, StageClock& clock) {
  find_faces(b.graph, b.faces);
  match_faces(b.faces, b.regions, b.region_of_face);
  if (options.adjacency == AdjacencyMethod::planar) {
    planar_adjacency(b.graph, b.faces, b.region_of_face, b.adjacency);
  } else {
    centerline4_adjacency(b.graph, b.squared_distance(), b.regions, b.adjacency);
  }
  clock.lap("faces and adjacency");
}

void take_nodes_and_points(Buffers& b, HeteroGraph& out) {
  const SkeletonGraph& graph = b.graph;
  out.node_rowcol.assign(graph.node_rowcol.size(), 0.0F);
  std::ranges::transform(
      graph.node_rowcol, out.node_rowcol.begin(), [](double x) { return static_cast<float>(x); });
  out.node_pixels.reserve(graph.node_kind.size());
  for (std::size_t v = 0; v < graph.node_kind.size(); ++v) {
    out.node_pixels.push_back(static_cast<std::int32_t>(graph.node_ptr[v + 1] - graph.node_ptr[v]));
  }
  out.node_degree = graph.node_degree;
  out.node_kind = graph.node_kind;
  out.segment_nodes = graph.segment_nodes;
  out.segment_faces = std::move(b.faces.segment_faces);
  out.point_ptr = graph.point_ptr;
  out.point_pixel.resize(2 * graph.point_pixel.size());
  const Divider row_of(graph.cols);
  std::int32_t* place = out.point_pixel.data();
  for (const std::int32_t pixel : graph.point_pixel) {
    const index_t row = row_of(pixel);
    *place++ = static_cast<std::int32_t>(row);
    *place++ = static_cast<std::int32_t>(pixel - row * graph.cols);
  }
  out.point_rowcol = std::move(b.lines.point_rowcol);
  out.point_radius_px = std::move(b.lines.point_radius_px);
}

/// Hand over the segments, with the degrees that their adjacency gives.
void finish_vessels(Buffers& b, SegmentTable& table, HeteroGraph& out) {
  const auto segments = static_cast<std::size_t>(b.graph.num_segments());
  std::vector<index_t> degree(segments, 0);
  count_ends(b.adjacency.vv, 0, degree);
  count_ends(b.adjacency.vv, 1, degree);
  std::vector<index_t> hetero_degree(segments, 0);
  count_ends(b.adjacency.vi, 0, hetero_degree);
  out.vessels = {std::move(table.columns), std::move(table.values)};
  write_degrees(degree, hetero_degree, out.vessels);
  out.vv = std::move(b.adjacency.vv);
}

void segment_image(ImageView<const float> image,
                   const SegmentOptions& segmentation,
                   const ExtractOptions& options,
                   Buffers& b,
                   KeptImages& kept) {
  SegmentScratch& scratch = b.segment_scratch;
  const Lent response(b.distance_memory, scratch.response_memory);
  const Lent passes(b.point_memory, scratch.filter.passes);
  const Lent objects(b.labelling, scratch.objects);
  scratch.keep_response = options.keeps(Keep::ridge);
  segment(image, segmentation, b.mask, scratch);
  if (scratch.keep_response) {
    kept.ridge.assign(scratch.response.data(), scratch.response.data() + scratch.response.size());
  }
  scratch.response = {};  // its memory goes back
}

/// The graph of buffers.mask. `labelled`: buffers.labelling holds the components of the mask.
void extract_graph(const ExtractInput& input,
                   const ExtractOptions& options,
                   bool labelled,
                   Buffers& b,
                   HeteroGraph& out,
                   StageClock& clock) {
  read_exclusion_and_faz(input, b);
  out.rows = b.mask.rows();
  out.cols = b.mask.cols();
  const bool full = remark_density(b, out.remarks);
  clock.lap("mask");

  trace_vessels(options, b, clock);
  SegmentTable segments;
  labelled = labelled && !b.has_exclusion && options.skeleton_fill_px <= 1;
  measure_vessels(input, options, b, labelled, segments, clock);
  measure_regions(input, options, b, clock);
  choose_faz(options, b, out.faz_choice);
  clock.lap("faz");
  const Lent closure(b.labelling, b.faces.closure);
  connect(options, b, clock);

  const bool with_intensity = !std::holds_alternative<std::monostate>(input.intensity);
  take_nodes_and_points(b, out);
  node_radius_px(b.graph, b.squared_distance(), out.node_radius_px);
  split_regions(b.region_table,
                with_intensity,
                b.adjacency,
                b.region_of_face,
                index_t{out.faz_choice.label} - 1,
                out);
  finish_vessels(b, segments, out);
  if (b.graph.num_segments() == 0 && b.mask.count() > 0 && !full) {
    out.remarks.push_back(Remark::no_segments);
  }
  keep_images(options, b, out.kept);
  clock.lap("tables");
}

}  // namespace

HeteroGraph extract(const ExtractInput& input,
                    const ExtractOptions& options,
                    Workspace& workspace) {
  Buffers& b = workspace.buffers();
  HeteroGraph out;
  StageClock clock(out.stage_seconds);
  read_mask(input.mask, b);
  extract_graph(input, options, false, b, out, clock);
  return out;
}

HeteroGraph extract_image(ImageView<const float> image,
                          const SegmentOptions& segmentation,
                          const ExtractInput& input,
                          const ExtractOptions& options,
                          Workspace& workspace) {
  Buffers& b = workspace.buffers();
  HeteroGraph out;
  StageClock clock(out.stage_seconds);
  segment_image(image, segmentation, options, b, out.kept);
  clock.lap("segmentation");
  extract_graph(input, options, true, b, out, clock);
  return out;
}

}  // namespace gftcore
