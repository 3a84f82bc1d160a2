// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/batch_extractor.hpp"

#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include "gftcore/common/error.hpp"

namespace gftcore {
namespace {

/// Never throws: where there is no memory for the words, they are cut to what needs none.
BatchFailure failure(const char* code, const char* message) noexcept {
  try {
    return {code, message};
  } catch (const std::bad_alloc&) {
    return {"MemoryError", "no memory left"};
  }
}

}  // namespace

BatchExtractor::BatchExtractor(const ExtractOptions& options,
                               SegmentOptions segmentation,
                               int threads)
    : options_(options), segmentation_(std::move(segmentation)) {
  if (threads < 1) {
    throw ValueError("threads must be at least 1, got " + std::to_string(threads));
  }
  threads_.reserve(static_cast<std::size_t>(threads));
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& e) {
    // The system gives no more threads: those that run do the work.
    if (threads_.empty()) {
      throw UnavailableError(std::string("no thread can be started: ") + e.what());
    }
  }
}

BatchExtractor::~BatchExtractor() { close(); }

void BatchExtractor::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
    for (const auto& item : waiting_) {
      item->outcome.emplace(failure("ArgumentError", "batch closed"));
    }
    waiting_.clear();
  }
  queued_.notify_all();
  finished_.notify_all();
  for (std::jthread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void BatchExtractor::submit(const BatchJob& job) {
  auto item = std::make_shared<Item>(Item{job, std::nullopt});
  {
    const std::scoped_lock lock(mutex_);
    if (closing_) throw ValueError("the batch is closed");
    waiting_.push_back(item);
    in_flight_.push_back(std::move(item));
  }
  queued_.notify_one();
}

std::optional<BatchOutcome> BatchExtractor::next() {
  std::unique_lock lock(mutex_);
  if (in_flight_.empty()) return std::nullopt;
  const std::shared_ptr<Item> oldest = in_flight_.front();
  finished_.wait(lock, [&] { return oldest->outcome.has_value(); });
  in_flight_.pop_front();
  return std::move(oldest->outcome);
}

void BatchExtractor::work() {
  std::optional<Workspace> workspace;
  while (true) {
    std::shared_ptr<Item> item;
    {
      std::unique_lock lock(mutex_);
      queued_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
      if (closing_) return;
      item = std::move(waiting_.front());
      waiting_.pop_front();
    }
    BatchOutcome outcome = run(item->job, workspace);
    {
      const std::scoped_lock lock(mutex_);
      item->outcome = std::move(outcome);
    }
    finished_.notify_all();
  }
}

BatchOutcome BatchExtractor::run(const BatchJob& job, std::optional<Workspace>& workspace) const {
  ExtractOptions options = options_;
  options.keep = job.keep;
  try {
    if (!workspace) workspace.emplace();
    if (job.image.data() == nullptr) return extract(job.input, options, *workspace);
    return extract_image(job.image, segmentation_, job.input, options, *workspace);
  } catch (const ShapeError& e) {
    return failure("ShapeError", e.what());
  } catch (const ValueError& e) {
    return failure("ArgumentError", e.what());
  } catch (const UnavailableError& e) {
    return failure("UnavailableError", e.what());
  } catch (const std::bad_alloc&) {
    return failure("MemoryError", "no memory left");
  } catch (const std::exception& e) {
    return failure("GftcoreError", e.what());
  }
}

}  // namespace gftcore
