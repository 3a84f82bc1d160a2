// SPDX-License-Identifier: Apache-2.0
#include "gftcore/nn/engine.hpp"

#include <atomic>
#include <exception>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "gftcore/common/error.hpp"
#include "nn/runner.hpp"

namespace gftcore {
namespace {

template <class T>
void require_fit(const BatchView<T>& batch, const Program<T>& program) {
  if (batch.types.size() != program.types.size() ||
      batch.relations.size() != program.relations.size()) {
    throw ShapeError("a batch must have the node types and relations of the network");
  }
  for (std::size_t t = 0; t < batch.types.size(); ++t) {
    const NodeView<T>& type = batch.types[t];
    bool rises = !type.node_ptr.empty() && std::ssize(type.node_ptr) - 1 == batch.graphs &&
                 type.node_ptr.front() == 0;
    for (std::size_t g = 1; rises && g < type.node_ptr.size(); ++g) {
      rises = type.node_ptr[g] >= type.node_ptr[g - 1];
    }
    if (!rises) throw ShapeError("node_ptr must rise from 0 and have one entry more than graphs");
    // Divided, as a product with numbers of nodes that nobody checked might not fit.
    const index_t features = program.types[t].features;
    if (std::ssize(type.x) % features != 0 ||
        std::ssize(type.x) / features != type.node_ptr.back()) {
      throw ShapeError("x must have " + std::to_string(features) + " features for each node");
    }
  }
  for (std::size_t r = 0; r < batch.relations.size(); ++r) {
    const auto target = static_cast<std::size_t>(program.relations[r].target);
    const EdgeView& edges = batch.relations[r];
    if (std::ssize(edges.rowptr) - 1 != batch.types[target].node_ptr.back()) {
      throw ShapeError("rowptr must have one entry more than there are target nodes");
    }
    if (edges.rowptr.front() != 0 || edges.rowptr.back() != std::ssize(edges.col)) {
      throw ValueError("row pointers of a relation must rise from 0 to its number of edges");
    }
  }
}

/// Calls work() in up to `threads` threads, this one among them, and rethrows its first error.
template <class Work>
void in_threads(int threads, const Work& work) {
  std::exception_ptr thrown;
  std::mutex mutex;
  const auto guarded = [&] {
    try {
      work();
    } catch (...) {
      const std::scoped_lock lock(mutex);
      if (!thrown) thrown = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (int i = 1; i < threads; ++i) others.emplace_back(guarded);
    } catch (const std::system_error&) {
      // The system gives no more threads: those that run do the work.
    }
    guarded();
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

template <class T>
Engine<T>::Engine(Program<T> program) : program_(std::move(program)) {}

template <class T>
Engine<T>::~Engine() = default;

template <class T>
index_t Engine<T>::pooled_width() const {
  index_t pools = 0;
  for (const TypeProgram<T>& type : program_.types) pools += std::ssize(type.pools);
  return pools * program_.hidden;
}

template <class T>
std::unique_ptr<nn::Runner<T>> Engine<T>::borrowed() const {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<nn::Runner<T>> runner = std::move(idle_.back());
      idle_.pop_back();
      return runner;
    }
  }
  return std::make_unique<nn::Runner<T>>(program_);
}

template <class T>
void Engine<T>::returned(std::unique_ptr<nn::Runner<T>> runner) const {
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(runner));
}

template <class T>
void Engine<T>::run(const BatchView<T>& batch,
                    int threads,
                    std::span<T> logits,
                    std::span<T> pooled) const {
  require_fit(batch, program_);
  const index_t width = pooled_width();
  if (std::ssize(logits) != batch.graphs * classes() ||
      std::ssize(pooled) != batch.graphs * width) {
    throw ShapeError("outputs must have one row for each graph");
  }
  if (threads < 1) throw ValueError("threads must be at least 1, got " + std::to_string(threads));
  std::atomic<index_t> next{0};
  const auto work = [&] {
    std::unique_ptr<nn::Runner<T>> runner = borrowed();
    for (index_t g = next++; g < batch.graphs; g = next++) {
      runner->run(batch, g, logits.data() + g * classes(), pooled.data() + g * width);
    }
    returned(std::move(runner));
  };
  const index_t useful = std::max<index_t>(1, std::min<index_t>(threads, batch.graphs));
  in_threads(static_cast<int>(useful), work);
}

template class Engine<float>;
template class Engine<double>;

}  // namespace gftcore
