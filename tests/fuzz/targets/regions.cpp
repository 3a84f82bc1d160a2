// SPDX-License-Identifier: Apache-2.0
// Runs, contours, hulls and the table of labelled regions, touching or not, connected or not.
#include "gftcore/intercapillary/region_table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "../naive/regions.hpp"
#include "check.hpp"
#include "gftcore/intercapillary/region_runs.hpp"
#include "images.hpp"
#include "intensity.hpp"
#include "plant.hpp"
#include "target.hpp"

namespace gftcore::fuzz {
namespace {

using naive::Labels;

/// Components of the mask, stripes of labels over it, or any labels at all.
Labels choose_labels(const Scene& scene) {
  const naive::Mask mask = naive::mask_of(scene.mask);
  const int kind = scene.option(0) % 4;
  label_t count = 0;
  if (kind < 2) return naive::components(mask, kind == 0, count);
  Labels labels(mask.rows, mask.cols);
  Random random(scene.option(1));
  const index_t largest = 1 + scene.option(2) % 7;
  // Values beyond the number of pixels are ranked another way.
  const label_t step = scene.option(2) >= 224 ? 100000000 : 1;
  for (index_t r = 0; r < mask.rows; ++r) {
    for (index_t c = 0; c < mask.cols; ++c) {
      if (mask.get(r, c) == 0) continue;
      const index_t value = kind == 2 ? 1 + (r / 5 + c / 7) % largest : random.below(largest + 1);
      labels(r, c) = static_cast<label_t>(value) * step;
    }
  }
  return labels;
}

/// Ranks of the labels in use, 1.., as region_runs() gives them.
Labels ranked(Labels labels, std::vector<label_t>& values) {
  values = labels.values;
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::erase(values, 0);
  for (label_t& label : labels.values) {
    if (label == 0) continue;
    label = static_cast<label_t>(std::ranges::lower_bound(values, label) - values.begin()) + 1;
  }
  return labels;
}

bool naive_touch(const Labels& labels) {
  for (index_t r = 0; r < labels.rows; ++r) {
    for (index_t c = 0; c < labels.cols; ++c) {
      for (int k = 0; k < 8; ++k) {
        const label_t other = labels.get(r + naive::kRowStep[k], c + naive::kColStep[k]);
        if (labels.get(r, c) != 0 && other != 0 && other != labels.get(r, c)) return true;
      }
    }
  }
  return false;
}

void check_contours(const Labelling& runs, bool touch, const std::vector<ContourCounts>& want) {
  static ContourScratch scratch;
  std::vector<ContourCounts> got(want.size());
  for (const Target target : available_targets()) {
    for (const Contact contact : {Contact::possible, Contact::none}) {
      if (contact == Contact::none && touch) continue;
      count_contours(runs, contact, got, scratch, target);
      if (!got.empty()) {
        ContourCounts& counts = got[got.size() / 2];
        plant("straight", target, counts.straight);
        plant("diagonal", target, counts.diagonal);
        plant("mixed", target, counts.mixed);
      }
      for (std::size_t i = 0; i < want.size(); ++i) {
        same(got[i].straight, want[i].straight, "straight contour pixels");
        same(got[i].diagonal, want[i].diagonal, "diagonal contour pixels");
        same(got[i].mixed, want[i].mixed, "mixed contour pixels");
      }
    }
  }
}

/// Angles that mean the same axis are equal; those of nearly round regions are not compared.
void check_orientation(double got, double want, double eccentricity) {
  if (eccentricity < 1e-3) return;
  const double turned = std::abs(got - want);
  expect(got > -1.5707963267948970 && got <= 1.5707963267948970, "orientation is in its range");
  close(std::min(turned, std::abs(turned - 3.14159265358979323846)), 0, 1e-6, "orientation");
}

void check_intensity(const double* got,
                     const std::vector<naive::Point>& pixels,
                     const IntensityScene& image) {
  double sum = 0;
  double row = 0;
  double col = 0;
  double low = image.at(pixels[0].first, pixels[0].second);
  double high = low;
  double size = 0;
  for (const auto& [r, c] : pixels) {
    const double value = image.at(r, c);
    sum += value;
    size += std::abs(value);
    row += value * static_cast<double>(r);
    col += value * static_cast<double>(c);
    low = std::min(low, value);
    high = std::max(high, value);
  }
  same(got[0], high, "largest intensity");
  close(got[1], sum / static_cast<double>(pixels.size()), 1e-9, "mean intensity");
  same(got[2], low, "smallest intensity");
  if (sum == 0 && size == 0) {
    expect(std::isnan(got[3]) && std::isnan(got[4]), "no weight, no weighted centroid");
  } else if (std::abs(sum) > 1e-3 * size) {  // else rounding decides
    close(got[3], row / sum, 1e-6, "weighted row");
    close(got[4], col / sum, 1e-6, "weighted col");
  }
}

struct Wanted {
  Labels labels;  // ranked
  std::vector<label_t> label_id;
  std::vector<std::vector<naive::Point>> pixels;
  std::vector<ContourCounts> contours;
  std::vector<std::vector<double>> shapes;
};

void check_table(RegionTable& got, const Wanted& want, const IntensityScene& image) {
  plant("table values", got.values);
  plant("label_id", got.label_id);
  plant("bbox", got.bbox);
  plant("touches_border", got.touches_border);
  same(got.label_id, want.label_id, "label_id");
  const index_t columns = image.present() ? 17 : 12;
  same(got.num_columns, columns, "columns");
  same(std::ssize(got.values), columns * got.num_regions(), "values");
  for (std::size_t i = 0; i < want.pixels.size(); ++i) {
    const double* row = got.values.data() + static_cast<index_t>(i) * columns;
    const std::vector<double>& shape = want.shapes[i];
    for (std::size_t k = 0; k < shape.size(); ++k) {
      if (k == 6) continue;
      // Square roots of differences that vanish: exact here, rounded there.
      const bool root = k == 4 || k == 11;
      close(row[k], shape[k], root ? 1e-5 : 1e-9, region_columns(false)[k]);
    }
    check_orientation(row[6], shape[6], row[4]);
    if (image.present()) check_intensity(row + 12, want.pixels[i], image);
    index_t box[4] = {want.labels.rows, want.labels.cols, 0, 0};
    for (const auto& [r, c] : want.pixels[i]) {
      box[0] = std::min(box[0], r);
      box[1] = std::min(box[1], c);
      box[2] = std::max(box[2], r + 1);
      box[3] = std::max(box[3], c + 1);
    }
    for (std::size_t k = 0; k < 4; ++k) same(index_t{got.bbox[4 * i + k]}, box[k], "bbox");
    const bool touches =
        box[0] == 0 || box[1] == 0 || box[2] == want.labels.rows || box[3] == want.labels.cols;
    same(got.touches_border[i], static_cast<std::uint8_t>(touches ? 1 : 0), "touches_border");
  }
}

void check_exclusion(const Scene& scene,
                     const Labelling& runs,
                     const Wanted& want,
                     RegionTable& table) {
  static BitImage excluded;
  if (!small_mask(scene.option(5), scene.option(6), scene.shape, excluded)) return;
  std::vector<std::uint8_t> expected = table.touches_border;
  for (std::size_t i = 0; i < want.pixels.size(); ++i) {
    for (const auto& [r, c] : want.pixels[i]) {
      for (index_t y = r - 1; y <= r + 1; ++y) {
        for (index_t x = c - 1; x <= c + 1; ++x) {
          if (want.labels.inside(y, x) && excluded.test(y, x)) expected[i] = 1;
        }
      }
    }
  }
  mark_excluded_contact(runs, excluded, table);
  plant("mark_excluded_contact", table.touches_border);
  same(table.touches_border, expected, "mark_excluded_contact");
}

/// Rows with any extents, also far from the origin: a hull does not depend on its place.
void check_hull(Bytes& bytes) {
  static HullScratch scratch;
  std::vector<RowExtent> rows;
  std::vector<naive::Point> pixels;
  std::int32_t row = 0;
  for (int i = bytes.byte() % 12; i > 0; --i) {
    const std::int32_t a = bytes.byte() % 32;
    const std::int32_t b = bytes.byte() % 32;
    rows.push_back({row, std::min(a, b), std::max(a, b)});
    pixels.emplace_back(row, a);
    pixels.emplace_back(row, b);
    row += 1 + bytes.byte() / 64;
  }
  HullMeasure got = measure_hull(rows, scratch);
  plant("hull pixels", got.pixels);
  plant("feret_squared", got.feret_squared);
  const HullMeasure want = naive::measure_hull(pixels);
  same(got.pixels, want.pixels, "pixels of the hull");
  same(got.feret_squared, want.feret_squared, "largest diameter");
  for (RowExtent& extent : rows) {
    extent.row += 32700;
    extent.first += 32720;
    extent.last += 32720;
  }
  got = measure_hull(rows, scratch);
  plant("moved hull", got.pixels);
  same(got.pixels, want.pixels, "pixels of the moved hull");
  same(got.feret_squared, want.feret_squared, "largest diameter of the moved hull");
}

}  // namespace

void run(std::span<const std::uint8_t> data) {
  static Scene scene;
  static RegionScratch scratch;
  static Labelling runs;
  static RegionTable table;
  static IntensityScene image;
  Bytes bytes(data);
  scene.read(bytes, {.area = 600});
  check_hull(bytes);

  const Labels labels = choose_labels(scene);
  Wanted want;
  want.labels = ranked(labels, want.label_id);
  std::vector<label_t> label_id;
  region_runs({labels.values.data(), labels.rows, labels.cols}, runs, label_id);
  plant("region_runs", runs.label_of_run);
  plant("values of labels", label_id);
  same(label_id, want.label_id, "values of labels");
  std::vector<label_t> painted(labels.values.size(), -1);
  paint(runs, {painted.data(), labels.rows, labels.cols});
  same(painted, want.labels.values, "region_runs");
  bool touch = regions_touch(runs);
  plant("regions_touch", touch);
  same(touch, naive_touch(want.labels), "regions_touch");

  want.pixels.resize(want.label_id.size());
  for (index_t r = 0; r < labels.rows; ++r) {
    for (index_t c = 0; c < labels.cols; ++c) {
      const label_t label = want.labels.get(r, c);
      if (label > 0) want.pixels[static_cast<std::size_t>(label) - 1].emplace_back(r, c);
    }
  }
  for (std::size_t i = 0; i < want.label_id.size(); ++i) {
    const auto& pixels = want.pixels[i];
    want.contours.push_back(
        naive::contour_counts(want.labels, static_cast<label_t>(i + 1), pixels));
    want.shapes.push_back(naive::shape_row(pixels, want.contours.back()));
  }
  check_contours(runs, touch, want.contours);

  image.make(scene.option(3), scene.option(4), scene.shape);
  region_table({labels.values.data(), labels.rows, labels.cols}, image.view, table, scratch);
  check_table(table, want, image);

  // By runs, some without a label; what the caller knows of contacts changes nothing.
  region_table(runs, image.view, table, scratch, touch ? Contact::possible : Contact::none);
  for (std::size_t i = 0; i < want.label_id.size(); ++i) {
    want.label_id[i] = static_cast<label_t>(i + 1);
  }
  check_table(table, want, image);
  check_exclusion(scene, runs, want, table);
}

}  // namespace gftcore::fuzz
