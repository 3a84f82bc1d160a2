// SPDX-License-Identifier: Apache-2.0
// Included by polyphase_body.inl: a strip, filtered and still planar, becomes rows of the output.

/// Planar strip to pixels of the output, as far as the image reaches.
void write_strip(const Strip& s, float* out) {
  const std::ptrdiff_t out_cols = s.scale * s.image.cols;
  for (std::ptrdiff_t y = 0; y < s.num_rows * s.scale; ++y) {
    for (std::ptrdiff_t v = 0; v < s.across; ++v) {
      const std::ptrdiff_t col = s.first_col + v * kLanes;
      const std::ptrdiff_t left = s.image.cols - col;
      if (left <= 0) break;
      const float* planes = s.planes + y * s.width + v * kLanes;
      const std::ptrdiff_t plane = s.across * kLanes;
      float* to = out + (s.first_row * s.scale + y) * out_cols + col * s.scale;
      if (s.scale == 1 && left >= kLanes) {
        store(to, load(planes));
      } else if (s.scale == 2 && left >= kLanes) {
        interleave2(load(planes), load(planes + plane), to);
      } else if (s.scale == 4 && left >= kLanes) {
        interleave4(load(planes),
                    load(planes + plane),
                    load(planes + 2 * plane),
                    load(planes + 3 * plane),
                    to);
      } else {
        const std::ptrdiff_t count = left < kLanes ? left : kLanes;
        for (std::ptrdiff_t i = 0; i < count; ++i) {
          for (std::ptrdiff_t p = 0; p < s.scale; ++p) to[i * s.scale + p] = planes[p * plane + i];
        }
      }
    }
  }
}

/// Bits of a whole vector of columns, scale 1, 2 or 4.
[[gnu::always_inline]] inline std::uint64_t strip_bits(const float* planes,
                                                       std::ptrdiff_t plane,
                                                       std::ptrdiff_t scale,
                                                       Lanes bound) {
  if (scale == 1) return bits1(load(planes), bound);
  if (scale == 2) return bits2(load(planes), load(planes + plane), bound);
  return bits4(load(planes),
               load(planes + plane),
               load(planes + 2 * plane),
               load(planes + 3 * plane),
               bound);
}

/// Planar strip to bits of the output, as far as the image reaches.
void write_bits(const Strip& s, float threshold, std::uint64_t* words, std::ptrdiff_t stride) {
  const Lanes bound = splat(threshold);
  const bool quick = s.scale == 1 || s.scale == 2 || s.scale == 4;
  const std::ptrdiff_t plane = s.across * kLanes;
  for (std::ptrdiff_t y = 0; y < s.num_rows * s.scale; ++y) {
    std::uint64_t* row = words + (s.first_row * s.scale + y) * stride;
    for (std::ptrdiff_t v = 0; v < s.across; ++v) {
      const std::ptrdiff_t col = s.first_col + v * kLanes;
      const std::ptrdiff_t left = s.image.cols - col;
      if (left <= 0) break;
      const float* planes = s.planes + y * s.width + v * kLanes;
      const std::ptrdiff_t first = col * s.scale;
      if (quick && left >= kLanes) {  // a power of two bits, so they lie in one word
        row[first / 64] |= strip_bits(planes, plane, s.scale, bound) << (first % 64);
        continue;
      }
      const std::ptrdiff_t count = left < kLanes ? left : kLanes;
      for (std::ptrdiff_t i = 0; i < count * s.scale; ++i) {
        const bool above = planes[i % s.scale * plane + i / s.scale] > threshold;
        row[(first + i) / 64] |= std::uint64_t{above} << ((first + i) % 64);
      }
    }
  }
}
