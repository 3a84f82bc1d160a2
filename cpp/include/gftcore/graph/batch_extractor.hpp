// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "gftcore/graph/extract.hpp"

namespace gftcore {

/// One item of a batch. With `image` the mask is made by segmentation and input.mask is ignored.
/// The caller keeps all pixels alive until next() has returned the item's outcome.
struct BatchJob {
  ImageView<const float> image;
  ExtractInput input;
  std::uint8_t keep = 0;
};

/// Why an item has no graph: the class of the error and its message.
struct BatchFailure {
  std::string code;
  std::string message;
};

using BatchOutcome = std::variant<HeteroGraph, BatchFailure>;

/// A pool of threads that extracts graphs, one image a thread, and returns them in the order of
/// submission. An item that throws becomes a BatchFailure; the others go on. Results do not depend
/// on the number of threads. submit() and next() may be called from different threads.
class BatchExtractor {
 public:
  /// Throws ValueError unless threads >= 1, UnavailableError if no thread can be started. Where the
  /// system gives fewer threads than asked for, those do the work.
  BatchExtractor(const ExtractOptions& options, SegmentOptions segmentation, int threads);
  ~BatchExtractor();  ///< as close()
  BatchExtractor(const BatchExtractor&) = delete;
  BatchExtractor& operator=(const BatchExtractor&) = delete;

  /// Never blocks; the caller bounds the number of items in flight. Throws ValueError once closed.
  void submit(const BatchJob& job);

  /// The outcome of the oldest item not yet returned; blocks until it is there. Empty when
  /// nothing is in flight.
  std::optional<BatchOutcome> next();

  /// Waits for running items; those not yet started become failures. No pixel is read afterwards.
  void close();

 private:
  struct Item {
    BatchJob job;
    std::optional<BatchOutcome> outcome;
  };

  void work();
  BatchOutcome run(const BatchJob& job, std::optional<Workspace>& workspace) const;

  const ExtractOptions options_;
  const SegmentOptions segmentation_;
  std::mutex mutex_;
  std::condition_variable queued_;
  std::condition_variable finished_;
  std::deque<std::shared_ptr<Item>> waiting_;
  std::deque<std::shared_ptr<Item>> in_flight_;  // in order of submission
  bool closing_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace gftcore
