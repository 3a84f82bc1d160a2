// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/faces.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "gftcore/common/checks.hpp"
#include "gftcore/common/count_ones.hpp"
#include "gftcore/common/divider.hpp"
#include "gftcore/common/resize_exactly.hpp"

namespace gftcore {
namespace {

struct Pixel {
  index_t row, col;
};

/// Row shifted right by one column: closure column c + 1 is image column c.
void copy_shifted(const std::uint64_t* in, index_t in_words, std::uint64_t* out) {
  std::uint64_t carry = 0;
  for (index_t k = 0; k < in_words; ++k) {
    out[k] = (in[k] << 1) | carry;
    carry = in[k] >> 63;
  }
  if (carry != 0) out[in_words] |= carry;
}

/// Finds a pixel's run by counting the runs that begin before it in its word, since a binary search
/// costs several wrong guesses.
class FaceLookup {
 public:
  /// `background` is what closure holds the runs of.
  FaceLookup(const Labelling& closure, const BitImage& background)
      : closure_(closure), background_(background), words_(background.used_words()) {
    runs_before_.resize(static_cast<std::size_t>(background.rows() * words_));
    std::int32_t* before = runs_before_.data();
    for (index_t r = 0; r < background.rows(); ++r) {
      const std::uint64_t* row = background.row(r);
      index_t runs = closure.row_ptr[static_cast<std::size_t>(r)];
      for (index_t k = 0; k < words_; ++k) {
        *before++ = static_cast<std::int32_t>(runs);
        runs += count_ones(begins(row, k));
      }
    }
  }

  /// Face of an image pixel, or -1 on the skeleton.
  index_t operator()(Pixel p) const {
    const index_t c = p.col + 1;
    const std::uint64_t* row = background_.row(p.row + 1);
    const index_t k = c >> 6;
    if ((row[k] >> (c & 63) & 1U) == 0) return -1;
    const std::uint64_t up_to_here = begins(row, k) & ~std::uint64_t{0} >> (63 - (c & 63));
    const index_t run = runs_before_[static_cast<std::size_t>((p.row + 1) * words_ + k)] +
                        count_ones(up_to_here) - 1;
    return closure_.label_of_run[static_cast<std::size_t>(run)] - 1;
  }

 private:
  static std::uint64_t begins(const std::uint64_t* row, index_t k) {
    return row[k] & ~(row[k] << 1 | row[k - 1] >> 63);
  }

  const Labelling& closure_;
  const BitImage& background_;
  index_t words_;
  std::vector<std::int32_t> runs_before_;  // [rows * words]
};

/// Face on one side of the link p -> q; (side_row, side_col) is the link's direction turned by
/// 90 degrees to that side. -1 if both pixels beside a straight link are on.
index_t face_beside(
    const FaceLookup& face_at, Pixel p, Pixel q, index_t side_row, index_t side_col) {
  const index_t dr = q.row - p.row;
  const index_t dc = q.col - p.col;
  if (dr != 0 && dc != 0) {
    return face_at({p.row + (dr + side_row) / 2, p.col + (dc + side_col) / 2});
  }
  const index_t face = face_at({p.row + side_row, p.col + side_col});
  return face >= 0 ? face : face_at({q.row + side_row, q.col + side_col});
}

/// Left and right face of the first link of the segment that shows each.
std::array<index_t, 2> faces_of_segment(const SkeletonGraph& graph,
                                        const FaceLookup& face_at,
                                        const Divider& row_of,
                                        index_t segment) {
  const auto s = static_cast<std::size_t>(segment);
  const index_t first = graph.point_ptr[s];
  const index_t last = graph.point_ptr[s + 1];
  const auto pixel = [&](index_t raster) {
    const index_t row = row_of(raster);
    return Pixel{row, raster - row * graph.cols};
  };
  std::array<index_t, 2> sides{-1, -1};
  Pixel p = pixel(graph.segment_ends[2 * s]);
  for (index_t i = first; i <= last && (sides[0] < 0 || sides[1] < 0); ++i) {
    const Pixel q = pixel(i < last ? graph.point_pixel[static_cast<std::size_t>(i)]
                                   : graph.segment_ends[2 * s + 1]);
    const index_t dr = q.row - p.row;
    const index_t dc = q.col - p.col;
    if (sides[0] < 0) sides[0] = face_beside(face_at, p, q, -dc, dr);
    if (sides[1] < 0) sides[1] = face_beside(face_at, p, q, dc, -dr);
    p = q;
  }
  return sides;
}

/// Votes of one face: nearly every face meets a single region, kept inline; the rest overflow.
struct Tally {
  label_t label = 0;
  index_t pixels = 0;
};

}  // namespace

void close_image(const BitImage& image, std::span<const index_t> anchors, BitImage& out) {
  const index_t rows = image.rows();
  const index_t cols = image.cols();
  out.reset(rows + 2, cols + 2);
  for (index_t r = 0; r < rows; ++r) copy_shifted(image.row(r), image.used_words(), out.row(r + 1));
  const auto outside = [](index_t i, index_t size) {
    return i == 0 ? index_t{-1} : index_t{i == size - 1 ? 1 : 0};
  };
  for (const index_t anchor : anchors) {
    const index_t r = anchor / cols;
    const index_t c = anchor % cols;
    const index_t dr = outside(r, rows);
    const index_t dc = outside(c, cols);
    if (dr != 0 || dc != 0) out.set(r + 1 + dr, c + 1 + dc);
  }
}

void find_faces(const SkeletonGraph& graph, Faces& out) {
  BitImage background;
  close_image(graph.skeleton, graph.anchors, background);
  complement(background, background);
  label_runs(background, Connectivity::four, out.closure);
  const index_t segments = graph.num_segments();
  resize_exactly(out.segment_faces, 2 * segments);
  const FaceLookup face_at(out.closure, background);
  const Divider row_of(graph.cols);
  for (index_t s = 0; s < segments; ++s) {
    std::ranges::copy(faces_of_segment(graph, face_at, row_of, s),
                      out.segment_faces.begin() + 2 * s);
  }
}

void paint_faces(const Faces& faces, ImageView<label_t> out) {
  const index_t rows = faces.closure.rows - 2;
  const index_t cols = faces.closure.cols - 2;
  if (out.rows() != rows || out.cols() != cols) {
    throw ShapeError("out must have the shape of the skeleton");
  }
  std::fill_n(out.data(), out.size(), label_t{0});
  for (std::size_t i = 0; i < faces.closure.runs.size(); ++i) {
    const Run& run = faces.closure.runs[i];
    if (run.row == 0 || run.row > rows) continue;
    const index_t begin = std::max<index_t>(run.begin - 1, 0);
    const index_t end = std::min<index_t>(run.end - 1, cols);
    if (begin < end)
      std::fill(
          out.row(run.row - 1) + begin, out.row(run.row - 1) + end, faces.closure.label_of_run[i]);
  }
}

void match_faces(const Faces& faces, const Labelling& regions, std::vector<label_t>& out) {
  const Labelling& closure = faces.closure;
  if (closure.rows != regions.rows + 2 || closure.cols != regions.cols + 2) {
    throw ShapeError("regions must cover the image that the faces were found in");
  }
  std::vector<Tally> main(static_cast<std::size_t>(faces.count()));
  std::vector<std::pair<std::pair<label_t, label_t>, index_t>> overflow;  // (face, region), pixels
  for (index_t r = 0; r < regions.rows; ++r) {
    auto i = static_cast<std::size_t>(closure.row_ptr[static_cast<std::size_t>(r) + 1]);
    const auto i_end = static_cast<std::size_t>(closure.row_ptr[static_cast<std::size_t>(r) + 2]);
    auto j = static_cast<std::size_t>(regions.row_ptr[static_cast<std::size_t>(r)]);
    const auto j_end = static_cast<std::size_t>(regions.row_ptr[static_cast<std::size_t>(r) + 1]);
    while (i < i_end && j < j_end) {
      const Run& face_run = closure.runs[i];
      const Run& region_run = regions.runs[j];
      const index_t begin = std::max<index_t>(face_run.begin - 1, region_run.begin);
      const index_t end = std::min<index_t>(face_run.end - 1, region_run.end);
      const label_t region = regions.label_of_run[j];
      if (begin < end && region > 0) {
        const label_t face = closure.label_of_run[i] - 1;
        Tally& tally = main[static_cast<std::size_t>(face)];
        if (tally.label == 0) tally.label = region;
        if (tally.label == region) {
          tally.pixels += end - begin;
        } else {
          overflow.push_back({{face, region}, end - begin});
        }
      }
      if (face_run.end - 1 < region_run.end) {
        ++i;
      } else {
        ++j;
      }
    }
  }
  std::ranges::sort(overflow);
  for (std::size_t k = 0; k < overflow.size();) {
    const auto [face, region] = overflow[k].first;
    index_t pixels = 0;
    for (; k < overflow.size() && overflow[k].first == std::pair{face, region}; ++k) {
      pixels += overflow[k].second;
    }
    Tally& best = main[static_cast<std::size_t>(face)];
    if (pixels > best.pixels || (pixels == best.pixels && region < best.label)) {
      best = {region, pixels};
    }
  }
  out.resize(main.size());
  std::ranges::transform(main, out.begin(), &Tally::label);
}

}  // namespace gftcore
