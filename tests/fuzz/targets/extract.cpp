// SPDX-License-Identifier: Apache-2.0
// The whole extraction: against the naive stages one after the other, for every target, thread
// count and workspace, with any options.
#include "gftcore/graph/extract.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "../naive/adjacency.hpp"
#include "../naive/distance.hpp"
#include "../naive/merge.hpp"
#include "../naive/prune.hpp"
#include "check.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/graph/batch_extractor.hpp"
#include "hetero.hpp"
#include "images.hpp"
#include "intensity.hpp"
#include "invariants.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

constexpr std::uint8_t kKeepAll = 127;

struct Job {
  Scene scene;
  BitImage excluded_bits, faz_bits;
  std::vector<std::uint8_t> mask, excluded, faz_mask;
  IntensityScene intensity;
  ExtractInput input;
  ExtractOptions options;

  void read(Bytes& bytes);
};

std::vector<std::uint8_t> bytes_of(const BitImage& bits) {
  std::vector<std::uint8_t> out = naive::mask_of(bits).values;
  for (std::uint8_t& pixel : out) pixel = pixel != 0 ? 255 : 0;
  return out;
}

void Job::read(Bytes& bytes) {
  scene.read(bytes, {.area = 320, .longest = 320});
  const Shape shape = scene.shape;
  const auto option = [&](std::size_t i) { return int{scene.option(i)}; };
  mask = bytes_of(scene.mask);
  input.mask = {mask.data(), shape.rows, shape.cols};
  options = ExtractOptions{};
  options.keep = kKeepAll;
  options.skeleton = static_cast<SkeletonMethod>(option(0) % 8 > 4 ? 0 : option(0) % 8);
  options.border = option(0) / 8 % 4 == 0 ? Border::background : Border::anchor;
  options.features = static_cast<FeatureMode>(option(0) / 32 % 3);
  options.prune.method = static_cast<PruneMethod>(option(1) % 8 < 6 ? 0 : option(1) % 8 - 5);
  constexpr double kBulges[] = {3.0, 1.0, 1.5, 8.0};
  options.prune.bulge = kBulges[option(1) / 8 % 4];
  if (option(1) >= 224) options.prune.max_rounds = option(1) % 3 - 1;
  options.merge_px = option(1) % 5 == 0 ? 0.0 : option(1) % 5 == 1 ? 9.0 : 3.0;
  options.skeleton_fill_px = option(2) % 4 == 0 ? option(2) / 4 % 16 : 0;
  options.ica_fill_px = option(2) % 3 == 0 ? option(2) / 16 : 5;
  options.ica_min_px = option(3) % 4 == 0 ? option(3) / 4 % 16 - 1 : 11;
  options.ica_connectivity = option(3) / 64 == 0 ? Connectivity::four : Connectivity::eight;
  options.adjacency = option(4) % 2 == 0 ? AdjacencyMethod::planar : AdjacencyMethod::centerline4;
  options.faz = option(4) / 2 % 8 == 7 ? FazMethod::fixed : FazMethod::automatic;
  options.fov_mm = option(4) / 16 % 2 == 0 ? 3.0 : 0.7;
  if (option(4) >= 248) {
    options.fov_mm = option(4) % 2 == 0 ? -1 : std::numeric_limits<double>::quiet_NaN();
  }
  input.excluded = {};
  if (option(5) % 4 == 3) {
    small_mask(static_cast<std::uint8_t>(option(5) / 4), scene.option(6), shape, excluded_bits);
    excluded = bytes_of(excluded_bits);
    input.excluded = {excluded.data(), shape.rows, shape.cols};
  } else {
    excluded_bits.reset(shape.rows, shape.cols);
  }
  input.faz_mask = {};
  if (option(6) % 8 == 7) {
    small_mask(static_cast<std::uint8_t>(option(6) / 8), scene.option(5), shape, faz_bits);
    faz_mask = bytes_of(faz_bits);
    input.faz_mask = {faz_mask.data(), shape.rows, shape.cols};
  }
  intensity.make(scene.option(7), scene.option(0), shape);
  input.intensity = intensity.view;
}

bool is_valid(const Job& job) {
  return job.scene.shape.area() > 0 && std::isfinite(job.options.fov_mm) && job.options.fov_mm > 0;
}

naive::Mask filled(naive::Mask mask, index_t area_px, const BitImage& excluded) {
  label_t count = 0;
  const naive::Labels holes = naive::components(naive::inverted(mask), false, count);
  std::vector<index_t> area = naive::areas(holes, count);
  for (std::size_t i = 0; i < mask.values.size(); ++i) {
    const auto at = static_cast<index_t>(i);
    if (excluded.test(at / mask.cols, at % mask.cols)) {
      area[static_cast<std::size_t>(holes.values[i])] = area_px;
    }
  }
  for (std::size_t i = 0; i < mask.values.size(); ++i) {
    const label_t hole = holes.values[i];
    if (hole != 0 && area[static_cast<std::size_t>(hole)] < area_px) mask.values[i] = 1;
  }
  return mask;
}

/// Vessels after exclusion and filling, their skeleton's graph.
struct NaiveVessels {
  naive::Mask mask;     // after exclusion
  naive::Mask vessels;  // and filling
  std::vector<std::int32_t> distance;
  std::vector<index_t> anchors;
  SkeletonGraph graph;
};

NaiveVessels naive_vessels(const Job& job) {
  NaiveVessels out;
  const ExtractOptions& options = job.options;
  out.mask = naive::mask_of(job.scene.mask);
  for (std::size_t i = 0; i < out.mask.values.size(); ++i) {
    const auto at = static_cast<index_t>(i);
    if (job.excluded_bits.test(at / out.mask.cols, at % out.mask.cols)) out.mask.values[i] = 0;
  }
  out.vessels = filled(out.mask, options.skeleton_fill_px, job.excluded_bits);
  out.distance = naive::squared_distance(out.vessels, Frame::none);
  const BitImage bits = naive::bits_of(out.vessels);
  BitImage skeleton(bits.rows(), bits.cols());
  if (bits.count() < bits.rows() * bits.cols()) {
    if (options.border == Border::anchor && !is_oracle(options.skeleton)) {
      out.anchors = naive::anchors(bits);
    }
    skeleton = naive::thinned(bits, options.skeleton, out.anchors, out.distance);
  }
  out.graph = naive::prune(naive::trace(skeleton, out.anchors), out.distance, options.prune);
  out.graph = naive::merge(out.graph, out.distance, options.merge_px);
  return out;
}

/// Regions of the voids, the small ones dropped.
naive::Labels naive_regions(const Job& job, const naive::Mask& mask, label_t& kept) {
  naive::Mask voids = naive::inverted(filled(mask, job.options.ica_fill_px, job.excluded_bits));
  for (std::size_t i = 0; i < voids.values.size(); ++i) {
    const auto at = static_cast<index_t>(i);
    if (job.excluded_bits.test(at / voids.cols, at % voids.cols)) voids.values[i] = 0;
  }
  label_t count = 0;
  naive::Labels regions =
      naive::components(voids, job.options.ica_connectivity == Connectivity::eight, count);
  const std::vector<index_t> area = naive::areas(regions, count);
  std::vector<label_t> number(area.size(), 0);
  kept = 0;
  for (std::size_t label = 1; label < area.size(); ++label) {
    if (area[label] >= job.options.ica_min_px) number[label] = ++kept;
  }
  for (label_t& label : regions.values) label = number[static_cast<std::size_t>(label)];
  return regions;
}

void check_vessels(const HeteroGraph& got, const NaiveVessels& want) {
  same(got.kept.mask, want.vessels.values, "mask after exclusion and filling");
  same(got.kept.skeleton, naive::mask_of(want.graph.skeleton).values, "skeleton");
  same(got.segment_nodes, want.graph.segment_nodes, "segment_nodes");
  same(got.point_ptr, want.graph.point_ptr, "point_ptr");
  same(got.node_degree, want.graph.node_degree, "node_degree");
  std::vector<std::int32_t> pixels;
  for (const std::int32_t pixel : want.graph.point_pixel) {
    pixels.push_back(pixel / static_cast<std::int32_t>(got.cols));
    pixels.push_back(pixel % static_cast<std::int32_t>(got.cols));
  }
  same(got.point_pixel, pixels, "point_pixel");
  for (std::size_t i = 0; i < want.distance.size(); ++i) {
    const double distance = want.distance[i] == kNoBackground
                                ? std::numeric_limits<double>::infinity()
                                : std::sqrt(static_cast<double>(want.distance[i]));
    same(got.kept.distance[i], static_cast<float>(distance), "distance");
  }
}

/// Components, holes and faces are the mask's, unless leaves were removed by length.
void check_topology(const Job& job, const NaiveVessels& want, const HeteroGraph& got) {
  label_t faces = 0;
  const naive::Mask skeleton = naive::mask_of(want.graph.skeleton);
  const naive::Labels face = naive::faces(skeleton, want.graph.anchors, faces);
  same(std::ssize(got.face_ica), index_t{faces}, "faces");
  for (index_t r = 0; r < got.rows; ++r) {
    for (index_t c = 0; c < got.cols; ++c) {
      same(got.kept.face_label[static_cast<std::size_t>(r * got.cols + c)],
           face.get(r + 1, c + 1),
           "face_label");
    }
  }
  const bool full = std::ranges::count(want.vessels.values, 0) == 0;
  if (is_oracle(job.options.skeleton) || full) return;
  if (job.options.prune.method == PruneMethod::length) return;
  label_t mask_faces = 0;
  naive::faces(want.vessels, want.anchors, mask_faces);
  same(faces, mask_faces, "faces of the skeleton and of the mask");
  same(naive::count_components(skeleton, true),
       naive::count_components(want.vessels, true),
       "components of the skeleton and of the mask");
  same(naive::count_holes(skeleton),
       naive::count_holes(want.vessels),
       "holes of the skeleton and of the mask");
}

void check_regions(const Job& job, const NaiveVessels& want, const HeteroGraph& got) {
  label_t count = 0;
  const naive::Labels regions = naive_regions(job, want.mask, count);
  same(got.kept.ica_label, regions.values, "ica_label");
  same(got.areas.rows() + got.faz.rows(), index_t{count}, "number of regions");
  naive::Labels faces(got.rows, got.cols);
  faces.values = got.kept.face_label;
  const std::vector<label_t> region =
      naive::majority(faces, static_cast<label_t>(got.face_ica.size()), regions);
  const index_t faz = index_t{got.faz_choice.label} - 1;
  for (std::size_t f = 0; f < region.size(); ++f) {
    const index_t row = index_t{region[f]} - 1;
    const index_t expected = row < 0                 ? kNoRegion
                             : row == faz            ? kFazRegion
                             : faz >= 0 && row > faz ? row - 1
                                                     : row;
    same(got.face_ica[f], expected, "face_ica");
  }
  for (std::size_t i = 0; i < got.kept.vessel_label.size(); ++i) {
    const label_t segment = got.kept.vessel_label[i];
    expect(segment >= 0 && segment <= got.vessels.rows(), "vessel_label");
    if (segment > 0) expect(got.kept.mask[i] != 0, "vessel_label lies on the mask");
  }
}

/// Pools of one thread and of two give the same graphs in the same order, and fail where extract()
/// does without harm to the others.
void check_threads(const Job& job, const HeteroGraph& want) {
  constexpr int kBad = 1;
  for (const int threads : {1, 2}) {
    BatchExtractor pool(job.options, {}, threads);
    for (int i = 0; i < 4; ++i) {
      BatchJob one{{}, job.input, kKeepAll};
      if (i == kBad) one.input.mask = {};
      pool.submit(one);
    }
    for (int i = 0; i < 4; ++i) {
      std::optional<BatchOutcome> outcome = pool.next();
      expect(outcome.has_value(), "a batch gives an outcome for each mask");
      expect(std::holds_alternative<BatchFailure>(*outcome) == (i == kBad), "the bad item fails");
      if (i == kBad) continue;
      auto& graph = std::get<HeteroGraph>(*outcome);
      if (i == 2 && threads == 2) plant_hetero("two threads", graph);
      same_hetero(graph, want, "graph of a pool");
    }
    expect(!pool.next().has_value(), "a batch ends");
  }
}

/// A raw image gives the graph of its mask.
void check_image(const Job& job, Workspace& workspace) {
  std::vector<float> grey;
  const Shape shape{std::min<index_t>(job.scene.shape.rows, 9),
                    std::min<index_t>(job.scene.shape.cols, 9)};
  grey_values(job.scene.option(7), job.scene.option(3), shape, grey);
  SegmentOptions segmentation;
  segmentation.scale = 2;
  segmentation.min_object_px = 5;
  segmentation.local_contrast_sigma = 1.5;
  const ImageView<const float> image(grey.data(), shape.rows, shape.cols);
  ExtractInput input;
  HeteroGraph got = extract_image(image, segmentation, input, job.options, workspace);
  check_invariants(got);
  SegmentScratch scratch;
  std::vector<std::uint8_t> mask;
  segment(image, segmentation, mask, scratch);
  input.mask = {mask.data(), 2 * shape.rows, 2 * shape.cols};
  HeteroGraph want = extract(input, job.options, workspace);
  const std::vector<float> response(scratch.response.data(),
                                    scratch.response.data() + scratch.response.size());
  same_bytes(got.kept.ridge, response, "response of the segmentation");
  want.kept.ridge = got.kept.ridge;
  plant_hetero("image", got);
  same_hetero(got, want, "graph of an image");
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Job job;
  static Workspace reused;
  Bytes bytes(data);
  job.read(bytes);
  if (!is_valid(job)) {
    bool refused = false;
    try {
      extract(job.input, job.options, reused);
    } catch (const Error&) {
      refused = true;
    }
    expect(refused, "bad options and masks without pixels are refused");
    return;
  }
  set_active_target(Target::scalar);
  HeteroGraph scalar = extract(job.input, job.options, reused);
  plant_hetero("scalar", scalar);
  check_invariants(scalar);
  const NaiveVessels want = naive_vessels(job);
  check_vessels(scalar, want);
  check_topology(job, want, scalar);
  check_regions(job, want, scalar);

  const int more = bytes.byte();
  const auto targets = available_targets();
  if (targets.size() > 1) {
    const Target target = targets[1 + static_cast<std::size_t>(more / 64) % (targets.size() - 1)];
    set_active_target(target);
    HeteroGraph graph = extract(job.input, job.options, reused);
    plant_hetero(name(target), graph);
    same_hetero(graph, scalar, name(target));
  }
  if (more % 8 == 0) {
    Workspace fresh;
    HeteroGraph graph = extract(job.input, job.options, fresh);
    plant_hetero("fresh workspace", graph);
    same_hetero(graph, scalar, "graph from a fresh workspace");
  }
  if (more % 64 == 1) check_threads(job, scalar);
  if (more % 8 == 2) check_image(job, reused);
}

}  // namespace gftcore::fuzz
