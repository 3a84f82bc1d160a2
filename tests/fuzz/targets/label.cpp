// SPDX-License-Identifier: Apache-2.0
// Labelled components as runs, and filling of small holes.
#include "gftcore/morphology/label.hpp"

#include <vector>

#include "../naive/grid.hpp"
#include "check.hpp"
#include "gftcore/morphology/fill.hpp"
#include "images.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

/// Maximal runs in raster order, each of one label.
void check_runs(const Labelling& found, const naive::Labels& want) {
  std::size_t i = 0;
  same(found.row_ptr.size(), static_cast<std::size_t>(want.rows) + 1, "row_ptr has an entry more");
  for (index_t r = 0; r < want.rows; ++r) {
    same(found.row_ptr[static_cast<std::size_t>(r)], static_cast<index_t>(i), "row_ptr");
    for (index_t c = 0; c < want.cols;) {
      if (want.get(r, c) == 0) {
        ++c;
        continue;
      }
      index_t end = c;
      while (end < want.cols && want.get(r, end) != 0) ++end;
      expect(i < found.runs.size(), "every run is found");
      const Run& run = found.runs[i];
      expect(run.row == r && run.begin == c && run.end == end, "runs are maximal, in raster order");
      same(found.label_of_run[i], want.get(r, c), "label of a run");
      c = end;
      ++i;
    }
  }
  same(found.runs.size(), i, "number of runs");
  same(found.label_of_run.size(), i, "number of labels of runs");
  same(found.row_ptr.back(), static_cast<index_t>(i), "last entry of row_ptr");
}

void check_labels(const Scene& scene, Labelling& found) {
  const bool eight = scene.option(0) % 2 == 0;
  label_t count = 0;
  const naive::Labels want = naive::components(naive::mask_of(scene.mask), eight, count);
  label_runs(scene.mask, eight ? Connectivity::eight : Connectivity::four, found);
  plant("count", found.count);
  plant("labels of runs", found.label_of_run);
  plant("runs", found.runs);
  plant("row_ptr", found.row_ptr);
  same(found.count, count, "count");
  check_runs(found, want);

  std::vector<label_t> painted(want.values.size(), -1);
  paint(found, {painted.data(), want.rows, want.cols});
  plant("paint", painted);
  same(painted, want.values, "paint");
  for (index_t r = 0; r < want.rows; ++r) {
    for (index_t c = 0; c < want.cols; ++c) {
      label_t label = label_at(found, r, c);
      if (r == want.rows / 2 && c == want.cols / 2) plant("label_at", label);
      same(label, want.get(r, c), "label_at");
    }
  }
}

void check_fill(const Scene& scene, FillScratch& scratch) {
  static BitImage excluded;
  const index_t area_px = scene.option(1) % 3 == 0 ? scene.option(2) * 4 : scene.option(2) % 12;
  const bool excludes = small_mask(scene.option(3), scene.option(4), scene.shape, excluded);
  label_t count = 0;
  naive::Mask want = naive::mask_of(scene.mask);
  const naive::Labels holes = naive::components(naive::inverted(want), false, count);
  std::vector<index_t> area = naive::areas(holes, count);
  for (index_t r = 0; r < want.rows; ++r) {
    for (index_t c = 0; c < want.cols; ++c) {
      if (excluded.test(r, c)) area[static_cast<std::size_t>(holes.get(r, c))] = area_px;
    }
  }
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    const label_t hole = holes.values[i];
    if (hole != 0 && area[static_cast<std::size_t>(hole)] < area_px) want.values[i] = 1;
  }
  BitImage filled = scene.mask;
  fill_small(filled, area_px, excludes ? &excluded : nullptr, scratch);
  plant("fill_small", filled);
  same(filled, naive::bits_of(want), "fill_small");
  expect_clean_guards(filled, "guards after filling");
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static Labelling labelling;
  static FillScratch scratch;
  Bytes bytes(data);
  scene.read(bytes, {.area = 1500});
  check_labels(scene, labelling);
  check_fill(scene, scratch);
}

}  // namespace gftcore::fuzz
