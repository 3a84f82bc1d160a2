// SPDX-License-Identifier: Apache-2.0
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "bindings.hpp"
#include "gftcore/common/error.hpp"
#include "gftcore/nn/engine.hpp"
#include "names.hpp"
#include "network_options.hpp"

namespace gftcore::python {
namespace {

constexpr std::array kActivations{
    Choice<Activation>{"relu", Activation::relu},
    Choice<Activation>{"leaky", Activation::leaky},
    Choice<Activation>{"elu", Activation::elu},
};
constexpr std::array kAggregations{
    Choice<Aggregation>{"sum", Aggregation::sum},
    Choice<Aggregation>{"mean", Aggregation::mean},
    Choice<Aggregation>{"cat", Aggregation::cat},
};
constexpr std::array kPools{
    Choice<Pool>{"sum", Pool::sum},
    Choice<Pool>{"mean", Pool::mean},
    Choice<Pool>{"max", Pool::max},
};
constexpr std::array kConvolutions{
    Choice<Convolution>{"sage", Convolution::sage},
    Choice<Convolution>{"gcn", Convolution::gcn},
};

}  // namespace

Network network_from(const py::dict& options, const std::map<std::string, Array<double>>& weights) {
  const auto number = [&](const char* name) { return options[name].cast<int>(); };
  const auto word = [&](const char* name) { return options[name].cast<std::string>(); };
  Network out;
  out.hidden = number("hidden");
  out.classes = number("num_classes");
  out.act = chosen(kActivations, "act", word("act"));
  out.aggregation = chosen(kAggregations, "rel_aggr", word("rel_aggr"));
  out.convolution = chosen(kConvolutions, "conv", word("conv"));
  out.linear_ends = options["linear_ends"].cast<bool>();
  using Type = std::tuple<std::string, index_t, std::vector<std::string>, bool>;
  for (const auto& [name, features, pools, batch_norm] :
       options["types"].cast<std::vector<Type>>()) {
    NodeType type;
    type.name = name;
    type.features = features;
    type.batch_norm = batch_norm;
    for (const std::string& pool : pools) type.pools.push_back(chosen(kPools, "pool", pool));
    out.types.push_back(std::move(type));
  }
  for (const auto& [source, target] :
       options["relations"].cast<std::vector<std::pair<int, int>>>()) {
    out.relations.push_back({source, target});
  }
  NamedWeights views;
  for (const auto& [name, array] : weights) views.emplace(name, span_of(array));
  set_weights(
      out, {number("n_pre"), number("n_layers"), number("n_post"), number("n_final")}, views);
  return out;
}

namespace {

template <class T>
py::tuple run(const Engine<T>& engine,
              const Arrays<T>& x,
              const Arrays<index_t>& node_ptr,
              const Arrays<index_t>& rowptr,
              const Arrays<index_t>& col,
              int threads) {
  const BatchView<T> batch = batch_view(x, node_ptr, rowptr, col);
  const index_t classes = engine.classes();
  const index_t width = engine.pooled_width();
  std::vector<T> logits(static_cast<std::size_t>(batch.graphs * classes));
  std::vector<T> pooled(static_cast<std::size_t>(batch.graphs * width));
  {
    const py::gil_scoped_release unlocked;
    engine.run(batch, threads, logits, pooled);
  }
  return py::make_tuple(owned(std::move(logits), {batch.graphs, classes}),
                        owned(std::move(pooled), {batch.graphs, width}));
}

/// One engine of either precision.
class AnyEngine {
 public:
  AnyEngine(const py::dict& options,
            const std::map<std::string, Array<double>>& weights,
            const std::string& dtype,
            bool folds) {
    const Network network = network_from(options, weights);
    const py::gil_scoped_release unlocked;
    if (dtype == "float32" && folds) {
      engine_ = std::make_unique<Engine<float>>(folded<float>(network, true));
    } else if (dtype == "float64") {
      engine_ = std::make_unique<Engine<double>>(folds ? folded<double>(network, false)
                                                       : unfolded(network));
    } else {
      throw ValueError("dtype must be 'float32' and folded, or 'float64', got '" + dtype + "'");
    }
  }

  template <class T>
  const Engine<T>& as() const {
    const auto* engine = std::get_if<std::unique_ptr<Engine<T>>>(&engine_);
    if (engine == nullptr) throw ValueError("x must have the element type of the engine");
    return **engine;
  }

 private:
  std::variant<std::unique_ptr<Engine<float>>, std::unique_ptr<Engine<double>>> engine_;
};

template <class T>
py::tuple run_any(const AnyEngine& engine,
                  const Arrays<T>& x,
                  const Arrays<index_t>& node_ptr,
                  const Arrays<index_t>& rowptr,
                  const Arrays<index_t>& col,
                  int threads) {
  return run(engine.as<T>(), x, node_ptr, rowptr, col, threads);
}

template <class T>
void bind_run(py::class_<AnyEngine>& engine) {
  engine.def("run",
             run_any<T>,
             py::arg("x").noconvert(),
             py::arg("node_ptr").noconvert(),
             py::arg("rowptr").noconvert(),
             py::arg("col").noconvert(),
             py::arg("threads"),
             "Logits [B, C] and pooled node values [B, P].");
}

}  // namespace

void bind_network(py::module_& m) {
  py::class_<AnyEngine> engine(m, "Engine", "A network, ready to run on batches.");
  engine.def(py::init<const py::dict&,
                      const std::map<std::string, Array<double>>&,
                      const std::string&,
                      bool>(),
             py::arg("options"),
             py::arg("weights"),
             py::arg("dtype"),
             py::arg("folded"));
  bind_run<float>(engine);
  bind_run<double>(engine);
}

}  // namespace gftcore::python
