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

void finish(Relation& relation, const std::vector<index_t>& seconds) {
  relation.ends.insert(relation.ends.end(), seconds.begin(), seconds.end());
}

void split_vi(const Relation& vi, Renumbering number, HeteroGraph& out) {
  std::vector<index_t> areas;
  std::vector<index_t> fazes;
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

/// Copy the rows of `table` whose region is the FAZ, or those whose region is not.
Table rows_of(const Table& table, index_t faz_row, bool faz) {
  Table out{table.columns, {}};
  const auto width = static_cast<index_t>(table.columns.size());
  for (index_t r = 0; r < table.rows(); ++r) {
    if ((r == faz_row) != faz) continue;
    const auto row = table.values.begin() + r * width;
    out.values.insert(out.values.end(), row, row + width);
  }
  return out;
}

}  // namespace

void count_ends(const Relation& relation, int side, std::vector<index_t>& degree) {
  const index_t edges = relation.count();
  for (index_t e = 0; e < edges; ++e) {
    ++degree[static_cast<std::size_t>(relation.ends[static_cast<std::size_t>(side * edges + e)])];
  }
}

Table with_degrees(std::vector<std::string> columns,
                   std::span<const double> values,
                   std::span<const index_t> degree,
                   std::span<const index_t> hetero_degree) {
  const std::size_t width = columns.size();
  Table out{std::move(columns), {}};
  out.columns.insert(out.columns.end(), {"degree", "hetero_degree"});
  out.values.reserve(degree.size() * out.columns.size());
  for (std::size_t r = 0; r < degree.size(); ++r) {
    const auto row = values.subspan(r * width, width);
    out.values.insert(out.values.end(), row.begin(), row.end());
    out.values.push_back(static_cast<double>(degree[r]));
    out.values.push_back(static_cast<double>(hetero_degree[r]));
  }
  return out;
}

void split_regions(const RegionTable& regions,
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
  const Table all =
      with_degrees({names.begin(), names.end()}, regions.values, degree, hetero_degree);
  out.areas = rows_of(all, faz_row, false);
  out.faz = rows_of(all, faz_row, true);

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
