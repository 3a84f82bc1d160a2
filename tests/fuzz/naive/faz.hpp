// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gftcore/intercapillary/faz.hpp"
#include "grid.hpp"

namespace gftcore::naive {

/// 1 where some pixel of the disc of squared radius 16, inside the image, is `wanted`.
inline Mask near(const Mask& in, std::uint8_t wanted) {
  Mask out(in.rows, in.cols);
  for (index_t r = 0; r < in.rows; ++r) {
    for (index_t c = 0; c < in.cols; ++c) {
      if ((in.get(r, c) != 0) != (wanted != 0)) continue;
      for (index_t i = -4; i <= 4; ++i) {
        for (index_t j = -4; j <= 4; ++j) {
          if (i * i + j * j <= 16 && in.inside(r + i, c + j)) out(r + i, c + j) = 1;
        }
      }
    }
  }
  return out;
}

/// open_by_disc() by its definition.
inline Mask opened(const Mask& in) { return near(inverted(near(in, 0)), 1); }

/// Largest entry from 1 on that is not 0; ties: the lowest.
inline label_t winner(const std::vector<index_t>& votes) {
  label_t best = 0;
  for (std::size_t i = 1; i < votes.size(); ++i) {
    if (votes[i] > (best == 0 ? 0 : votes[static_cast<std::size_t>(best)])) {
      best = static_cast<label_t>(i);
    }
  }
  return best;
}

/// The label that owns most of the pixels with mask != 0.
inline label_t owner(const Labels& areas, const Mask& mask, label_t count) {
  std::vector<index_t> votes(static_cast<std::size_t>(count) + 1, 0);
  for (std::size_t i = 0; i < areas.values.size(); ++i) {
    if (mask.values[i] != 0) ++votes[static_cast<std::size_t>(areas.values[i])];
  }
  return winner(votes);
}

/// Four times the squared distance to the image centre.
inline index_t to_centre(const Labels& image, index_t i) {
  const index_t dr = 2 * (i / image.cols) - (image.rows - 1);
  const index_t dc = 2 * (i % image.cols) - (image.cols - 1);
  return dr * dr + dc * dc;
}

inline FazChoice automatic_faz(
    const Mask& voids, const Labels& areas, label_t count, double fov_mm, bool eight) {
  label_t pieces = 0;
  const Labels piece = components(opened(voids), eight, pieces);
  const double radius = 0.4 / fov_mm * static_cast<double>(std::max(voids.rows, voids.cols));  // px
  std::vector<index_t> size(static_cast<std::size_t>(pieces) + 1, 0);
  std::vector<std::uint8_t> central(size.size(), 0);
  for (index_t i = 0; i < std::ssize(piece.values); ++i) {
    const auto own = static_cast<std::size_t>(piece.values[static_cast<std::size_t>(i)]);
    ++size[own];
    if (static_cast<double>(to_centre(piece, i)) <= 4 * radius * radius) central[own] = 1;
  }
  for (std::size_t i = 0; i < size.size(); ++i) {
    if (central[i] == 0 || i == 0) size[i] = 0;
  }
  const label_t largest = winner(size);
  if (largest != 0) {
    Mask alone(voids.rows, voids.cols);
    for (std::size_t i = 0; i < alone.values.size(); ++i) {
      alone.values[i] = piece.values[i] == largest ? 1 : 0;
    }
    const index_t first = size[static_cast<std::size_t>(largest)];
    size[static_cast<std::size_t>(largest)] = 0;
    const index_t second = *std::ranges::max_element(size);
    const label_t label = owner(areas, alone, count);
    if (label != 0) {
      return {label,
              FazMethod::automatic,
              1.0 - static_cast<double>(second) / static_cast<double>(first)};
    }
  }
  FazChoice choice{0, FazMethod::none, std::numeric_limits<double>::quiet_NaN()};
  index_t least = std::numeric_limits<index_t>::max();
  for (label_t label = 1; label <= count; ++label) {
    for (index_t i = 0; i < std::ssize(areas.values); ++i) {
      if (areas.values[static_cast<std::size_t>(i)] != label || to_centre(areas, i) >= least) {
        continue;
      }
      least = to_centre(areas, i);
      choice = {label, FazMethod::nearest, 0.0};
    }
  }
  return choice;
}

/// find_faz() by its definition; `mask` is read for FazMethod::mask only.
inline FazChoice find_faz(const Mask& voids,
                          const Labels& areas,
                          label_t count,
                          FazMethod method,
                          double fov_mm,
                          const Mask& mask,
                          bool eight) {
  if (method == FazMethod::automatic) return automatic_faz(voids, areas, count, fov_mm, eight);
  label_t label = 0;
  if (method == FazMethod::mask) {
    label = owner(areas, mask, count);
  } else if (!areas.values.empty()) {
    const index_t col = 600 * areas.cols / 1216;
    for (index_t r = 600 * areas.rows / 1216; r < areas.rows && label == 0; ++r) {
      label = areas.get(r, col);
    }
  }
  return {label, label == 0 ? FazMethod::none : method, std::numeric_limits<double>::quiet_NaN()};
}

}  // namespace gftcore::naive
