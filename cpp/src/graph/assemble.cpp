// SPDX-License-Identifier: Apache-2.0
#include "assemble.hpp"

#include <algorithm>
#include <utility>

namespace gftcore {
namespace {

/// Relations between areas, and between areas or vessels and the FAZ.
struct Renumbering {
  index_t faz_row;

  bool is_faz(index_t region) const { return region == faz_row; }
  index_t area(index_t region) const {
    return faz_row >= 0 && region > faz_row ? region - 1 : region;
  }
};

void append(Relation& relation,
            std::vector<index_t>& seconds,
            index_t first,
            index_t second,
            float weight) {
  relation.ends.push_back(first);
  seconds.push_back(second);
  relation.weight.push_back(weight);
}

/// Room for so many edges: growing by doubling would hold more than the edges themselves.
void reserve(Relation& relation, std::vector<index_t>& seconds, index_t edges) {
  relation.ends.reserve(static_cast<std::size_t>(2 * edges));
  relation.weight.reserve(static_cast<std::size_t>(edges));
  seconds.reserve(static_cast<std::size_t>(edges));
}

void finish(Relation& relation, const std::vector<index_t>& seconds) {
  relation.ends.insert(relation.ends.end(), seconds.begin(), seconds.end());
}

void split_vi(const Relation& vi, Renumbering number, HeteroGraph& out) {
  std::vector<index_t> areas;
  std::vector<index_t> fazes;
  reserve(out.vi, areas, vi.count());
  const auto edges = static_cast<std::size_t>(vi.count());
  for (std::size_t e = 0; e < edges; ++e) {
    const index_t region = vi.ends[edges + e];
    if (number.is_faz(region)) {
      append(out.vf, fazes, vi.ends[e], 0, vi.weight[e]);
    } else {
      append(out.vi, areas, vi.ends[e], number.area(region), vi.weight[e]);
    }
  }
  finish(out.vi, areas);
  finish(out.vf, fazes);
}

void split_ii(const Relation& ii, Renumbering number, HeteroGraph& out) {
  std::vector<index_t> areas;
  std::vector<std::pair<index_t, float>> at_faz;
  reserve(out.ii, areas, ii.count());
  const auto edges = static_cast<std::size_t>(ii.count());
  for (std::size_t e = 0; e < edges; ++e) {
    const index_t a = ii.ends[e];
    const index_t b = ii.ends[edges + e];
    if (number.is_faz(a) || number.is_faz(b)) {
      at_faz.emplace_back(number.area(number.is_faz(a) ? b : a), ii.weight[e]);
    } else {
      append(out.ii, areas, number.area(a), number.area(b), ii.weight[e]);
    }
  }
  finish(out.ii, areas);
  std::ranges::sort(at_faz);
  std::vector<index_t> fazes;
  for (const auto& [area, weight] : at_faz) append(out.if_, fazes, area, 0, weight);
  finish(out.if_, fazes);
}

}  // namespace

void count_ends(const Relation& relation, int side, std::vector<index_t>& degree) {
  const index_t edges = relation.count();
  for (index_t e = 0; e < edges; ++e) {
    ++degree[static_cast<std::size_t>(relation.ends[static_cast<std::size_t>(side * edges + e)])];
  }
}

void write_degrees(std::span<const index_t> degree,
                   std::span<const index_t> hetero_degree,
                   Table& table) {
  const std::size_t width = table.columns.size();
  for (std::size_t r = 0; r < degree.size(); ++r) {
    double* const end = table.values.data() + (r + 1) * width;
    end[-2] = static_cast<double>(degree[r]);
    end[-1] = static_cast<double>(hetero_degree[r]);
  }
}

void split_regions(RegionTable& regions,
                   bool with_intensity,
                   const Adjacency& adjacency,
                   std::span<const label_t> region_of_face,
                   index_t faz_row,
                   HeteroGraph& out) {
  const Renumbering number{faz_row};
  split_vi(adjacency.vi, number, out);
  split_ii(adjacency.ii, number, out);
  if (faz_row >= 0) out.ff = {{0, 0}, {0.0F}};

  // An area's degree counts areas, the FAZ's its neighbouring areas; neither counts the other.
  const auto count = static_cast<std::size_t>(regions.num_regions());
  std::vector<index_t> degree(count, 0);
  count_ends(adjacency.ii, 0, degree);
  count_ends(adjacency.ii, 1, degree);
  std::vector<index_t> hetero_degree(count, 0);
  count_ends(adjacency.vi, 1, hetero_degree);
  for (std::size_t e = 0; e < out.if_.weight.size(); ++e) {
    const index_t area = out.if_.ends[e];
    --degree[static_cast<std::size_t>(area >= faz_row ? area + 1 : area)];
  }
  const auto names = region_columns(with_intensity);
  Table& areas = out.areas;
  areas.columns.assign(names.begin(), names.end());
  areas.columns.insert(areas.columns.end(), kDegreeColumns.begin(), kDegreeColumns.end());
  areas.values = std::move(regions.values);
  write_degrees(degree, hetero_degree, areas);
  out.faz.columns = areas.columns;
  if (faz_row >= 0) {
    const auto row = areas.values.begin() + faz_row * regions.num_columns;
    out.faz.values.assign(row, row + regions.num_columns);
    areas.values.erase(row, row + regions.num_columns);
  }

  out.ica_label_id.reserve(count);
  out.ica_bbox.reserve(4 * count);
  out.ica_touches_border.reserve(count);
  for (index_t r = 0; r < regions.num_regions(); ++r) {
    if (number.is_faz(r)) continue;
    const auto row = static_cast<std::size_t>(r);
    out.ica_label_id.push_back(regions.label_id[row]);
    const auto box = regions.bbox.begin() + 4 * r;
    out.ica_bbox.insert(out.ica_bbox.end(), box, box + 4);
    out.ica_touches_border.push_back(regions.touches_border[row]);
  }
  out.face_ica.reserve(region_of_face.size());
  for (const label_t label : region_of_face) {
    const index_t region = index_t{label} - 1;
    const bool none = label == 0;
    out.face_ica.push_back(none ? kNoRegion
                                : (number.is_faz(region) ? kFazRegion : number.area(region)));
  }
}

}  // namespace gftcore
