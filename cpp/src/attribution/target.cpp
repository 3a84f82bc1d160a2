// SPDX-License-Identifier: Apache-2.0
#include "attribution/target.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace gftcore::attribution {
namespace {

struct GaussPoint {
  double at;  // on [-1, 1]; each also stands for its mirror image
  double weight;
};

// Roots of the Legendre polynomial of degree 16, and 2 / ((1 - x^2) P'(x)^2).
constexpr std::array<GaussPoint, 8> kGauss{{
    {0.0950125098376374402, 0.189450610455068496},
    {0.281603550779258913, 0.182603415044923589},
    {0.458016777657227386, 0.169156519395002538},
    {0.617876244402643748, 0.149595988816576732},
    {0.755404408355003034, 0.124628971255533872},
    {0.865631202387831744, 0.0951585116824927848},
    {0.944575023073232576, 0.0622535239386478929},
    {0.989400934991649933, 0.0271524594117540949},
}};
constexpr double kLongestStep = 5.0;
constexpr double kMostPieces = 256.0;
constexpr double kLeastStep = 1e-8;  // relative to 1 + the largest logit

std::vector<double> softmax(std::span<const double> logits) {
  const double highest = std::ranges::max(logits);
  std::vector<double> out;
  double sum = 0;
  for (const double logit : logits) sum += out.emplace_back(std::exp(logit - highest));
  for (double& p : out) p /= sum;
  return out;
}

std::vector<double> between(std::span<const double> a, std::span<const double> b, double t) {
  std::vector<double> out;
  for (std::size_t c = 0; c < a.size(); ++c) out.push_back(a[c] + t * (b[c] - a[c]));
  return out;
}

/// out += weight * the gradient of the probability of class `place`.
void add_gradient(std::span<const double> logits,
                  std::size_t place,
                  double weight,
                  std::vector<double>& out) {
  const std::vector<double> p = softmax(logits);
  for (std::size_t c = 0; c < p.size(); ++c) {
    out[c] += weight * p[place] * ((c == place ? 1.0 : 0.0) - p[c]);
  }
}

}  // namespace

PathTarget placed(const PathTarget& target, std::span<const double> logits) {
  const auto largest_but = [&](index_t without) {
    index_t best = -1;
    for (index_t c = 0; c < std::ssize(logits); ++c) {
      const auto at = [&](index_t i) { return logits[static_cast<std::size_t>(i)]; };
      if (c != without && (best < 0 || at(c) > at(best))) best = c;
    }
    return best;
  };
  PathTarget out = target;
  // Over the class that leads, a margin of the leading class would be 0.
  if (out.place < 0) out.place = largest_but(out.kind == TargetKind::margin ? out.against : -1);
  if (out.kind == TargetKind::margin && out.against < 0) out.against = largest_but(out.place);
  return out;
}

std::vector<double> logit_multipliers(const PathTarget& target,
                                      std::span<const double> a,
                                      std::span<const double> b) {
  const auto place = static_cast<std::size_t>(target.place);
  std::vector<double> out(a.size());
  if (target.kind != TargetKind::probability) {
    out[place] = 1.0;
    if (target.kind == TargetKind::margin) out[static_cast<std::size_t>(target.against)] -= 1.0;
    return out;
  }
  double longest = 0;
  double length = 0;
  double largest = 0;
  for (std::size_t c = 0; c < a.size(); ++c) {
    longest = std::max(longest, std::abs(b[c] - a[c]));
    length += (b[c] - a[c]) * (b[c] - a[c]);
    largest = std::max({largest, std::abs(a[c]), std::abs(b[c])});
  }
  if (length == 0) {
    add_gradient(a, place, 1.0, out);
    return out;
  }
  // Clamped as a floating-point number: infinity fits no integer.
  const auto pieces =
      static_cast<int>(std::clamp(std::ceil(longest / kLongestStep), 1.0, kMostPieces));
  for (int piece = 0; piece < pieces; ++piece) {
    for (const GaussPoint& point : kGauss) {
      for (const double sign : {-1.0, 1.0}) {
        const double t = (piece + (1 + sign * point.at) / 2) / pieces;
        add_gradient(between(a, b, t), place, point.weight / 2 / pieces, out);
      }
    }
  }
  if (longest < kLeastStep * (1 + largest)) return out;
  double missing = softmax(b)[place] - softmax(a)[place];
  for (std::size_t c = 0; c < a.size(); ++c) missing -= out[c] * (b[c] - a[c]);
  for (std::size_t c = 0; c < a.size(); ++c) out[c] += missing / length * (b[c] - a[c]);
  return out;
}

}  // namespace gftcore::attribution
