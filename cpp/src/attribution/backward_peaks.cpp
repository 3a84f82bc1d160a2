// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "attribution/backward.hpp"

namespace gftcore::attribution {
namespace {

/// Roundings of the largest maximum of a type, within which values count as equal. In single
/// precision there may be different values that lie as close, so it has to do with fewer.
template <class T>
constexpr T kRoundings = sizeof(T) == sizeof(float) ? 16 : 256;

double acted(Activation act, double z) {
  if (z > 0 || act == Activation::none) return z;
  if (act == Activation::elu) return std::expm1(z);
  return act == Activation::leaky ? kLeakySlope * z : 0.0;
}

}  // namespace

/// The share of the row that leads at `a` ends where that which leads at `b` overtakes it.
template <class T>
void Backward<T>::add_peaks(std::size_t type, const Ends& ends, const T* g, Top& out) {
  const auto width = static_cast<std::size_t>(program_.width());
  const auto add = [&](index_t row, std::size_t channel, T value) {
    AlignedVector<T>& to = out.peaks.try_emplace(row, out.g).first->second;
    if (!program_.has_post()) {
      to[channel] += value;
      return;
    }
    const Dense<T>& last = program_.forward.types[type].post.back();
    if (!last.mean.empty()) value *= last.scale[channel];
    for (std::size_t d = 0; d < width; ++d) to[d] += value * last.weight[d * width + channel];
  };
  const PeakDecisions peaks = peaks_of(type, ends, g);
  for (std::size_t c = 0; c < peaks.share.size(); ++c) {
    if (g[c] == T{0}) continue;
    const double share = peaks.share[c];
    if (peaks.first[c] != peaks.last[c]) add(peaks.last[c], c, static_cast<T>(1 - share) * g[c]);
    add(peaks.first[c], c, static_cast<T>(share) * g[c]);
  }
}

/// Without pads; shares of channels that nothing asks for stay 1.
template <class T>
PeakDecisions Backward<T>::peaks_of(std::size_t type, const Ends& ends, const T* g) {
  const auto hidden = static_cast<std::size_t>(program_.forward.hidden);
  if (access_.obeyed) {
    const PeakDecisions& kept = access_.panel->peaks[type];
    const auto exists = [&](index_t row) {
      return row >= 0 && row < std::max<index_t>(graph_->local.nodes[type], 1);
    };
    require_same_run(kept.first.size() == hidden && kept.last.size() == hidden &&
                     kept.share.size() == hidden && std::ranges::all_of(kept.first, exists) &&
                     std::ranges::all_of(kept.last, exists));
    return kept;
  }
  const std::vector<std::int32_t> leaders = first_leaders(type, ends);
  PeakDecisions out{
      {leaders.begin(), leaders.begin() + program_.forward.hidden},
      {ends.b.leader[type].begin(), ends.b.leader[type].begin() + program_.forward.hidden},
      std::vector<double>(hidden, 1.0)};
  for (std::size_t c = 0; c < hidden; ++c) {
    const index_t first = out.first[c];
    const index_t last = out.last[c];
    if (first == last || (g[c] == T{0} && !access_)) continue;
    const auto lead = [&](const Tape<T>& tape, index_t i, index_t j) {
      return std::max(pooled_value(type, tape, i, c) - pooled_value(type, tape, j, c), 0.0);
    };
    const double before = lead(ends.a, first, last);
    const double length = before + lead(ends.b, last, first);
    if (length > 0) out.share[c] = before / length;
  }
  if (access_.written()) access_.panel->peaks[type] = out;
  return out;
}

template <class T>
double Backward<T>::pooled_value(std::size_t type,
                                 const Tape<T>& tape,
                                 index_t row,
                                 std::size_t c) const {
  const index_t width = program_.width();
  const std::vector<Dense<T>>& post = program_.forward.types[type].post;
  const bool above_layer = post.size() < 2;
  const ScratchMemory& memory =
      above_layer ? tape.layer.back()[type] : tape.post[type][post.size() - 2];
  const Activation act = above_layer ? program_.act.back() : post[post.size() - 2].act;
  const T* z = memory.template data<T>() + row * width;
  if (post.empty()) return acted(act, static_cast<double>(z[c]));
  const Dense<T>& last = post.back();
  auto sum = static_cast<double>(last.bias[c]);
  const T* weight = last.weight.data() + c;
  for (index_t d = 0; d < width; ++d, weight += width) {
    sum += acted(act, static_cast<double>(z[d])) * static_cast<double>(*weight);
  }
  if (last.mean.empty()) return sum;
  const auto of = [c](const AlignedVector<T>& values) { return static_cast<double>(values[c]); };
  return (sum - of(last.mean)) * of(last.scale) + of(last.shift);
}

/// Rows that lead where a panel begins. At the baseline many rows have the same values, and
/// rounding would choose among them: of equals leads the one that is the largest where the panel
/// ends.
template <class T>
std::vector<std::int32_t> Backward<T>::first_leaders(std::size_t type, const Ends& ends) {
  std::vector<std::int32_t> out = ends.a.leader[type];
  if (ends.a.alpha != 0.0 || &ends.a == &ends.b) return out;
  const index_t width = program_.width();
  const AlignedVector<T>& highest = ends.a.highest[type];
  T scale{0};
  for (const T value : highest) scale = std::max(scale, std::abs(value));
  const T near = kRoundings<T> * std::numeric_limits<T>::epsilon() * scale;
  std::vector<T> most(highest.size(), -std::numeric_limits<T>::infinity());
  for (const Rows& rows : blocks_of(type)) {
    pooled_rows(type, ends.a, rows, block(1));
    pooled_rows(type, ends.b, rows, block(2));
    const T* at_a = block(1);
    const T* at_b = block(2);
    for (index_t r = 0; r < rows.count; ++r, at_a += width, at_b += width) {
      for (std::size_t c = 0; c < most.size(); ++c) {
        if (at_a[c] < highest[c] - near || at_b[c] <= most[c]) continue;
        most[c] = at_b[c];
        out[c] = static_cast<std::int32_t>(rows.first + r);
      }
    }
  }
  return out;
}

/// What a block of nodes gives to the pools.
template <class T>
void Backward<T>::pooled_rows(std::size_t type, const Tape<T>& tape, const Rows& rows, T* out) {
  const index_t width = program_.width();
  const std::vector<Dense<T>>& post = program_.forward.types[type].post;
  const bool above_layer = post.size() < 2;
  const ScratchMemory& memory =
      above_layer ? tape.layer.back()[type] : tape.post[type][post.size() - 2];
  const Activation act = above_layer ? program_.act.back() : post[post.size() - 2].act;
  T* z = const_cast<T*>(memory.template data<T>()) + rows.first * width;  // it is only read
  T* h = post.empty() ? out : block(0);
  forward_.activate(z, rows.count, width, act, h);
  if (!post.empty()) forward_.dense(post.back(), h, width, rows.count, out);
}

template void Backward<float>::add_peaks(std::size_t type,
                                         const Ends& ends,
                                         const float* g,
                                         Top& out);
template void Backward<double>::add_peaks(std::size_t type,
                                          const Ends& ends,
                                          const double* g,
                                          Top& out);

}  // namespace gftcore::attribution
