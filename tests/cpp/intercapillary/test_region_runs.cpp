// SPDX-License-Identifier: Apache-2.0
#include "gftcore/intercapillary/region_runs.hpp"

#include <doctest/doctest.h>

#include "figures.hpp"
#include "gftcore/common/error.hpp"

namespace gftcore {

using test::Labels;

TEST_CASE("region runs: values are ranked, touching regions separated") {
  Labelling runs;
  std::vector<label_t> label_id;
  region_runs(Labels({"772.", "...7"}).view(), runs, label_id);
  CHECK(label_id == std::vector<label_t>{2, 7});
  CHECK(runs.count == 2);
  CHECK(runs.label_of_run == std::vector<label_t>{2, 1, 2});
  CHECK(runs.row_ptr == std::vector<index_t>{0, 2, 3});
  CHECK(runs.runs[1].begin == 2);
  CHECK(runs.runs[1].end == 3);
}

TEST_CASE("region runs: values beyond the number of pixels") {
  Labels labels(1, 3);
  labels.pixels = {2147483647, 0, 5};
  Labelling runs;
  std::vector<label_t> label_id;
  region_runs(labels.view(), runs, label_id);
  CHECK(label_id == std::vector<label_t>{5, 2147483647});
  CHECK(runs.label_of_run == std::vector<label_t>{2, 1});
}

TEST_CASE("region runs: every run is found, at any width") {
  for (const index_t cols : {1, 7, 8, 9, 63, 64, 65, 200}) {
    for (const label_t largest : {0, 1, 3}) {
      const Labels labels = test::random_labels(5, cols, largest, static_cast<std::uint32_t>(cols));
      Labelling runs;
      std::vector<label_t> label_id;
      region_runs(labels.view(), runs, label_id);
      Labels painted(5, cols);
      for (std::size_t i = 0; i < runs.runs.size(); ++i) {
        const Run run = runs.runs[i];
        const label_t value = label_id[static_cast<std::size_t>(runs.label_of_run[i]) - 1];
        CHECK(labels.get(run.row, run.begin - 1) != value);
        CHECK(labels.get(run.row, run.end) != value);
        for (std::int32_t c = run.begin; c < run.end; ++c) painted.at(run.row, c) = value;
      }
      CHECK(painted.pixels == labels.pixels);
    }
  }
}

TEST_CASE("region runs: nothing, and what is refused") {
  Labelling runs;
  std::vector<label_t> label_id{1};
  region_runs(Labels(0, 0).view(), runs, label_id);
  CHECK(runs.count == 0);
  CHECK(label_id.empty());
  CHECK(runs.row_ptr == std::vector<index_t>{0});
  Labels negative(1, 2);
  negative.pixels = {3, -1};
  CHECK_THROWS_AS(region_runs(negative.view(), runs, label_id), ValueError);
  CHECK_THROWS_AS(region_runs({nullptr, 0, 32768}, runs, label_id), ShapeError);
}

}  // namespace gftcore
