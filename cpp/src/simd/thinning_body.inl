// SPDX-License-Identifier: Apache-2.0
//
// The passes for any vector type. To be included inside an anonymous namespace that defines
//   Vector        unsigned 64-bit words, or a GCC vector of them
//   kLanes        words in a Vector: 1, 4 or 8
//   load, store   at any word address
//   any_lanes     bit k is set when lane k is not zero
//   table, choose as thinning_rules.inl wants them

struct Window {
  Vector nw, n, ne, e, se, s, sw, w;
};

#include "thinning_rules.inl"

/// The pixels of a row and their neighbours to the west and east.
struct Row {
  Vector west, here, east;
};

inline Row load_row(const std::uint64_t* words) {
  const Vector here = load(words);
  return {(here << 1) | (load(words - 1) >> 63), here, (here >> 1) | (load(words + 1) << 63)};
}

/// First row from r on with an active word, or rows.
inline std::int64_t next_active(const std::uint8_t* active, std::int64_t r, std::int64_t rows) {
  for (; r + 8 <= rows; r += 8) {
    std::uint64_t eight;
    __builtin_memcpy(&eight, active + r, 8);
    if (eight != 0) return r + __builtin_ctzll(eight) / 8;
  }
  while (r < rows && active[r] == 0) ++r;
  return r;
}

/// One column of vectors from top to bottom, so that a row is loaded once for three windows.
template <class Rule>
inline bool thin_column(const ThinPass& pass, std::int64_t block, int first_lane) {
  const std::uint8_t* active = pass.active + block * pass.activity_stride;
  std::uint8_t* changed = pass.changed + block * pass.activity_stride;
  const unsigned lanes = ((1U << kLanes) - 1) << first_lane;
  const std::int64_t offset = 8 * block + first_lane;
  Row above{};
  Row row{};
  Row below{};
  std::int64_t loaded = -2;  // the row that `row` holds
  bool any = false;
  for (std::int64_t r = next_active(active, 0, pass.rows); r < pass.rows;
       r = next_active(active, r + 1, pass.rows)) {
    if ((active[r] & lanes) == 0) continue;
    const std::int64_t at = offset + r * pass.row_stride;
    if (loaded == r - 1) {
      above = row;
      row = below;
    } else {
      above = load_row(pass.source + at - pass.row_stride);
      row = load_row(pass.source + at);
    }
    below = load_row(pass.source + at + pass.row_stride);
    loaded = r;
    const Window window{
        above.west, above.here, above.east, row.east, below.east, below.here, below.west, row.west};
    const Vector deleted = table<0x20>(row.here, load(pass.frozen + at), Rule::deletes(window));
    store(pass.target + at, row.here ^ deleted);
    const unsigned hit = any_lanes(deleted);
    changed[r] = static_cast<std::uint8_t>(changed[r] | hit << first_lane);
    any = any || hit != 0;
  }
  return any;
}

template <class Rule>
inline bool thin_all(const ThinPass& pass) {
  bool any = false;
  for (std::int64_t block = 0; block < pass.blocks; ++block) {
    for (int lane = 0; lane < 8; lane += kLanes) {
      any = thin_column<Rule>(pass, block, lane) || any;
    }
  }
  return any;
}

inline bool thin_pass(const ThinPass& pass) {
  switch (pass.rule) {
    case ThinRule::guo_hall_first:
      return thin_all<GuoHallFirst>(pass);
    case ThinRule::guo_hall_second:
      return thin_all<GuoHallSecond>(pass);
    case ThinRule::zhang_suen_first:
      return thin_all<ZhangSuenFirst>(pass);
    case ThinRule::zhang_suen_second:
      return thin_all<ZhangSuenSecond>(pass);
    case ThinRule::skimage_first:
      return thin_all<SkimageFirst>(pass);
    case ThinRule::skimage_second:
      return thin_all<SkimageSecond>(pass);
  }
  return false;
}
