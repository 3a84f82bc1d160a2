# SPDX-License-Identifier: Apache-2.0
"""Slow-downs by about 1.3 that the self-test plants into a copy of the sources.

A planted function repeats a part of its work when a variable of the environment names it. So one
build serves all plants, and the package itself carries none. Calls are slowed for the gate on time,
until they take 1.3 of it; kernels, whose share of a call may be small, for the gate on
instructions, by the top 30 % of the rows.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from gate.rounds import GateError

HERE = Path(__file__).parent


@dataclass(frozen=True)
class PlantedCall:
    """A function of the package, the file that defines it, and who must notice the slow-down."""

    function: str
    file: str
    benchmarks: tuple[str, ...]

    @property
    def variables(self) -> dict[str, str]:
        return {"GFTCORE_PLANTED_CALL": self.function}

    def apply(self, source: Path) -> None:
        path = source / "python" / "gftcore" / self.file
        text = path.read_text()
        if f"\ndef {self.function}(" not in text:
            raise GateError(f"plant {self.function}: {self.file} does not define it")
        wrapped = f"{self.function} = slowed({self.function})"
        path.write_text(f"{text}\nfrom gftcore._planted import slowed\n\n{wrapped}\n")


@dataclass(frozen=True)
class PlantedKernel:
    """A kernel, by its name for callgrind, and where its slow-down goes.

    The statement goes before the first one of the function that `signature` (a regular expression)
    opens; it may use the function's parameters.
    """

    kernel: str
    file: str
    signature: str
    statement: str

    @property
    def variables(self) -> dict[str, str]:
        return {"GFTCORE_PLANTED_KERNEL": self.kernel}

    def apply(self, source: Path) -> None:
        path = source / "cpp" / "src" / self.file
        text = path.read_text()
        opening = re.findall(self.signature + r"[^;{]*\{\n", text)
        if len(opening) != 1:
            raise GateError(f"plant {self.kernel}: {len(opening)} places for it in {self.file}")
        condition = f'if (const plant::Repeat again("{self.kernel}"); again)'
        guarded = f"{condition} {{\n{self.statement}\n}}\n"
        text = text.replace(opening[0], opening[0] + guarded)
        first = text.index("#include")
        path.write_text(f'{text[:first]}#include "plant.hpp"\n{text[first:]}')


CALLS = (
    PlantedCall("squared_distance", "graph/stages.py", ("squared_distance",)),
    PlantedCall("thin", "graph/stages.py", ("thin fast", "thin ordered")),
    PlantedCall("trace", "graph/vessels.py", ("trace",)),
    PlantedCall("region_table", "graph/regions.py", ("region_table", "region_table intensity")),
    PlantedCall("segment", "segmentation/vessels.py", ("segment", "segment ridge")),
    PlantedCall("label", "graph/stages.py", ("label",)),
    PlantedCall("extract", "graph/api.py", ("extract edt", "extract centreline")),
)

KERNELS = (
    PlantedKernel(
        "squared_distance",
        "morphology/distance_transform.cpp",
        r"void squared_distance\(const BitImage& vessels,",
        """static thread_local BitImage part;
        static thread_local DistanceScratch memory;
        static thread_local std::vector<std::int32_t> pixels;
        plant::top_rows(vessels, part);
        pixels.resize(static_cast<std::size_t>(part.rows() * part.cols()));
        const ImageView<std::int32_t> view(pixels.data(), part.rows(), part.cols());
        squared_distance(part, frame, view, memory, target);""",
    ),
    PlantedKernel(
        "thin fast",
        "morphology/thinning.cpp",
        r"void thin\(const BitImage& mask,",
        """static thread_local BitImage part;
        static thread_local BitImage thinned;
        static thread_local ThinScratch memory;
        plant::top_rows(mask, part);
        const index_t end = part.rows() * part.cols();
        const auto kept = std::ranges::lower_bound(anchors, end) - anchors.begin();
        ImageView<const std::int32_t> distance;
        if (squared_distance.data() != nullptr) distance = plant::top_rows(squared_distance);
        thin(part, method, anchors.first(static_cast<std::size_t>(kept)), distance, thinned, memory,
             target);""",
    ),
    PlantedKernel(
        "trace",
        "vessel/trace.cpp",
        r"void trace\(const BitImage& skeleton,",
        """static thread_local BitImage part;
        static thread_local SkeletonGraph graph;
        static thread_local TraceScratch memory;
        plant::top_rows(skeleton, part);
        const index_t end = part.rows() * part.cols();
        const auto kept = std::ranges::lower_bound(anchors, end) - anchors.begin();
        trace(part, anchors.first(static_cast<std::size_t>(kept)), graph, memory);""",
    ),
    PlantedKernel(
        "region_table",
        "intercapillary/region_table.cpp",
        r"void region_table\(const Labelling& regions,",
        """static thread_local Labelling part;
        static thread_local RegionTable table;
        static thread_local RegionScratch memory;
        part.rows = plant::repeated(regions.rows);
        part.cols = regions.cols;
        part.count = regions.count;
        const index_t runs = regions.row_ptr[static_cast<std::size_t>(part.rows)];
        part.runs.assign(regions.runs.begin(), regions.runs.begin() + runs);
        part.label_of_run.assign(regions.label_of_run.begin(), regions.label_of_run.begin() + runs);
        part.row_ptr.assign(regions.row_ptr.begin(), regions.row_ptr.begin() + part.rows + 1);
        region_table(part, {}, table, memory, contact);""",
    ),
    PlantedKernel(
        "segment local_contrast",
        "image/segment.cpp",
        r"void segment\(ImageView<const float> image,\s+const SegmentOptions& options,\s+BitImage&",
        """static thread_local BitImage part;
        static thread_local SegmentScratch memory;
        segment(plant::top_rows(image), options, part, memory, target);""",
    ),
)


def plant_all(source: Path) -> None:
    """Put every slow-down into a copy of the sources."""
    shutil.copy(HERE / "planted.py", source / "python" / "gftcore" / "_planted.py")
    shutil.copy(HERE / "plant.hpp", source / "cpp" / "src")
    for plant in (*CALLS, *KERNELS):
        plant.apply(source)
