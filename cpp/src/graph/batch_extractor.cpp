// SPDX-License-Identifier: Apache-2.0
#include "gftcore/graph/batch_extractor.hpp"

#include <exception>
#include <new>
#include <utility>

#include "gftcore/common/error.hpp"

namespace gftcore {

BatchExtractor::BatchExtractor(const ExtractOptions& options,
                               SegmentOptions segmentation,
                               int threads)
    : options_(options), segmentation_(std::move(segmentation)) {
  if (threads < 1) {
    throw ValueError("threads must be at least 1, got " + std::to_string(threads));
  }
  threads_.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

BatchExtractor::~BatchExtractor() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
    waiting_.clear();
  }
  queued_.notify_all();
}

void BatchExtractor::submit(const BatchJob& job) {
  auto item = std::make_shared<Item>(Item{job, std::nullopt});
  {
    const std::scoped_lock lock(mutex_);
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
  Workspace workspace;
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

BatchOutcome BatchExtractor::run(const BatchJob& job, Workspace& workspace) const {
  ExtractOptions options = options_;
  options.keep = job.keep;
  try {
    if (job.image.data() == nullptr) return extract(job.input, options, workspace);
    return extract_image(job.image, segmentation_, job.input, options, workspace);
  } catch (const ShapeError& e) {
    return BatchFailure{"ShapeError", e.what()};
  } catch (const ValueError& e) {
    return BatchFailure{"ArgumentError", e.what()};
  } catch (const Error& e) {
    return BatchFailure{"GftcoreError", e.what()};
  } catch (const std::bad_alloc&) {
    return BatchFailure{"MemoryError", "not enough memory for this image"};
  } catch (const std::exception& e) {
    return BatchFailure{"GftcoreError", e.what()};
  }
}

}  // namespace gftcore
