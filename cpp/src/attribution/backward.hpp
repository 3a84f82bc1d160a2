// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <vector>

#include "attribution/decider.hpp"
#include "attribution/forward.hpp"

namespace gftcore::attribution {

/// Weighted sums of panel multipliers.
template <class T>
struct PartSums {
  std::vector<AlignedVector<T>> entry;               // of each type: [nodes, width of the entry]
  std::vector<std::vector<AlignedVector<T>>> edges;  // of each layer but the first, each relation

  /// Zeros for one graph.
  void clear(const PathProgram<T>& program, const PathGraph<T>& graph, const Forward<T>& forward);
};

/// Takes panel multipliers from the logits to where the path enters the network.
template <class T>
class Backward {
 public:
  Backward(const PathProgram<T>& program, const Forward<T>& forward);

  /// `graph` stays where it is, and `forward` has entered it.
  void enter(const PathGraph<T>& graph);

  /// sums += weight * multipliers between two points, which may be the same, for those of the
  /// logits. O(nodes H^2 + edges H) for each layer. Throws ShapeError if obeyed decisions do not
  /// fit.
  void run(const Tape<T>& a,
           const Tape<T>& b,
           std::vector<double> logits,
           double weight,
           const PanelAccess& access,
           PartSums<T>& sums);

  /// What sums mean: nodes: of each type [N_t, F_t]; edges: of each relation [layers, E_r].
  std::vector<std::vector<T>> parts(const PartSums<T>& sums);

 private:
  /// Both ends of a panel.
  struct Ends {
    const Tape<T>& a;
    const Tape<T>& b;
    T weight;
  };
  struct Rows {
    std::size_t type = 0;
    index_t first = 0;
    index_t count = 0;
  };
  /// Values before an activation at both ends.
  struct Site {
    const T* a = nullptr;
    const T* b = nullptr;
    Activation act = Activation::none;
    std::size_t place = 0;  // among those of its type
  };
  /// Multipliers of what the last block behind the layers reads: the same for all rows but those
  /// that a maximum has chosen.
  struct Top {
    AlignedVector<T> g;
    std::map<index_t, AlignedVector<T>> peaks;
  };
  /// A relation of which a type is the source.
  struct Use {
    std::size_t relation = 0;
    std::size_t target = 0;
    std::size_t term = 0;
  };

  void prepare_decisions(std::size_t logits);
  std::vector<T> through_head(const Ends& ends, std::vector<double> logits);
  Top top(std::size_t type, const Ends& ends, const T* pooled);
  PeakDecisions peaks_of(std::size_t type, const Ends& ends, const T* g);
  void add_peaks(std::size_t type, const Ends& ends, const T* g, Top& out);
  std::vector<std::int32_t> first_leaders(std::size_t type, const Ends& ends);
  void pooled_rows(std::size_t type, const Tape<T>& tape, const Rows& rows, T* out);
  double pooled_value(std::size_t type, const Tape<T>& tape, index_t row, std::size_t c) const;
  void top_rows(const Top& from, const Site& site, const Rows& rows, T* out);
  void through_post(std::size_t type, const Ends& ends, const T* pooled);
  void through_layer(std::size_t layer, const Ends& ends, PartSums<T>& sums);
  void through_pre(const Ends& ends, const Rows& rows, const T* g, PartSums<T>& sums);

  void take_messages(std::size_t layer, const std::vector<const T*>& g, bool all);
  void folded_rows(std::size_t layer, const Rows& rows, T* out);
  void unfolded_rows(std::size_t layer, const Rows& rows, T* out);
  void gather(std::size_t relation, const T* in, index_t width, const Rows& rows, T* out, bool add);
  void take_means(std::size_t layer, const Ends& ends);
  void add_edges(std::size_t layer, const Ends& ends, PartSums<T>& sums);
  void dot(std::size_t relation, const T* left, const T* right, index_t width, T weight, T* out);
  std::vector<std::vector<T>> edge_parts(const PartSums<T>& sums);
  void add_folded_bias(const Use& use, const AlignedVector<T>& g, T* out) const;

  Site site_below(std::size_t layer, std::size_t type, const Ends& ends) const;
  bool pulls_first(std::size_t relation) const;
  void pull(const Dense<T>& from, const Turned<T>& turned, T* g, index_t rows, T* out) const;
  void multiply(const T* in, const Turned<T>& by, index_t rows, T* out, bool add) const;
  void quotient(
      const T* g, index_t stride, const Site& site, const Rows& rows, index_t width, T* out);
  void run_quotient(const simd::QuotientJob<T>& job, const Site& site, const Rows& rows);
  std::vector<Rows> blocks_of(std::size_t type) const;
  T* block(std::size_t i) { return blocks_[i].template request<T>(0); }
  std::vector<const T*> g_rows() const;

  const PathProgram<T>& program_;
  const Forward<T>& forward_;
  const PathGraph<T>* graph_ = nullptr;
  Kernels<T> kernels_;
  PanelAccess access_;
  Decider<T> decider_;
  std::vector<std::vector<Use>> uses_;         // of each type
  std::vector<std::vector<T>> message_scale_;  // of each relation: [targets]
  std::vector<ScratchMemory> g_, next_;        // of each type: [nodes, width]
  std::vector<ScratchMemory> mean_;            // of each type: mean h of both ends
  std::vector<ScratchMemory> term_;            // of each relation, unfolded: multipliers of terms
  std::vector<ScratchMemory> pulled_;          // of each relation: those of its means
  std::array<ScratchMemory, 3> blocks_;        // [kBlockRows, widest]
};

extern template struct PartSums<float>;
extern template struct PartSums<double>;

}  // namespace gftcore::attribution
