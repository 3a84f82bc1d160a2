# SPDX-License-Identifier: Apache-2.0
"""What the gate times: from image to graph, class and its reasons; scores, files, and the import.

A workload is prepared outside of the clock and returns a call; the call returns its answer.
Functions are looked up when a workload is prepared, so an older package merely lacks some.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gate.inputs import CROP, SEED, Array
from gate.networks import Layer, make_model

Call = Callable[[], Any]


class Prepared:
    """The arrays of `inputs.py`, and native objects that this package makes of them."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._arrays = arrays

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    @cached_property
    def graph(self) -> Any:
        return importlib.import_module("gftcore.graph")

    @cached_property
    def segmentation(self) -> Any:
        return importlib.import_module("gftcore.segmentation")

    @cached_property
    def synth(self) -> Any:
        return importlib.import_module("gftcore.synth")

    @cached_property
    def staging(self) -> Any:
        return importlib.import_module("gftcore.staging")

    @cached_property
    def attribution(self) -> Any:
        return importlib.import_module("gftcore.attribution")

    @cached_property
    def biomarkers(self) -> Any:
        return importlib.import_module("gftcore.biomarkers")

    @cached_property
    def metrics(self) -> Any:
        return importlib.import_module("gftcore.metrics")

    @cached_property
    def core(self) -> Any:
        return importlib.import_module("gftcore._core")

    @cached_property
    def traced(self) -> Any:
        return self.graph.trace(self["skeleton"], anchors=self["anchors"])

    @cached_property
    def pruned(self) -> Any:
        return self.graph.prune(self.traced, self["squared_distance"])

    @cached_property
    def faces(self) -> Any:
        return self.graph.faces(self.pruned)

    @cached_property
    def crop(self) -> Array:
        return self["mask"][:CROP, :CROP].copy()

    @cached_property
    def small_graph(self) -> Any:
        return self.graph.extract(self.crop)


@dataclass(frozen=True)
class Workload:
    """`clock` is "cpu", or "own" where the call itself returns the seconds it took."""

    name: str
    prepare: Callable[[Prepared], Call]
    clock: str = "cpu"


def stage(name: str, *arguments: str, **options: Any) -> Callable[[Prepared], Call]:
    """A call of ``gftcore.graph.<name>`` on arrays and objects of `Prepared`, by their names."""

    def prepare(prepared: Prepared) -> Call:
        function = getattr(prepared.graph, name)
        values = [named(prepared, argument) for argument in arguments]
        chosen = {key: lookup(prepared, value) for key, value in options.items()}
        return lambda: function(*values, **chosen)

    return prepare


def named(prepared: Prepared, name: str) -> Any:
    return getattr(prepared, name) if hasattr(Prepared, name) else prepared[name]


def lookup(prepared: Prepared, value: Any) -> Any:
    """An option's value; ``"=name"`` stands for the array or object of that name."""
    if isinstance(value, str) and value.startswith("="):
        return named(prepared, value[1:])
    return value


def find_faz(prepared: Prepared) -> Call:
    void, labels = ~prepared["mask"], prepared["background_labels"]
    function = prepared.graph.find_faz
    return lambda: function(void, labels)


def segment(method: str) -> Callable[[Prepared], Call]:
    def prepare(prepared: Prepared) -> Call:
        function = prepared.segmentation.segment
        config = prepared.segmentation.SegmentConfig(method=method)
        image = prepared["image"]
        return lambda: function(image, config)

    return prepare


def extract(features: str) -> Callable[[Prepared], Call]:
    def prepare(prepared: Prepared) -> Call:
        function, mask, image = prepared.graph.extract, prepared["mask"], prepared["image"]
        config = prepared.graph.ExtractConfig(features=features)
        return lambda: function(mask, config, intensity=image)

    return prepare


def extract_batch(prepared: Prepared) -> Call:
    function, masks = prepared.graph.extract_batch, [prepared.crop] * 8
    return lambda: list(function(masks, threads=2))


def grow_vessels(prepared: Prepared) -> Call:
    function, options = prepared.synth.grow_vessels, prepared.synth.GrowthOptions.test_profile()
    return lambda: function(seed=1, options=options)


def draw_vessels(prepared: Prepared) -> Call:
    options = prepared.synth.GrowthOptions.test_profile()
    edges = prepared.synth.grow_vessels(seed=1, options=options).edges()
    function = prepared.synth.draw_vessels
    return lambda: function(edges)


def make_eye(prepared: Prepared) -> Call:
    options = prepared.synth.GrowthOptions.test_profile()
    parameters = prepared.synth.draw_parameters("PDR", seed=1).replace(growth=options)
    function = prepared.synth.make_eye

    def call() -> Any:
        eye = function(seed=1, parameters=parameters)
        return eye.mask, eye.image

    return call


def predict(prepared: Prepared) -> Call:
    function, graphs = prepared.staging.predict, [prepared.small_graph] * 8
    model = make_model(prepared.staging, prepared.small_graph)

    def call() -> Any:
        found = function(model, graphs, threads=1)
        return found.logits, found.probabilities

    return call


def integrated_gradients(of: str) -> Callable[[Prepared], Call]:
    """Contributions of nodes or edges by panels, with their error."""

    def prepare(prepared: Prepared) -> Call:
        function, graphs = prepared.attribution.integrated_gradients, [prepared.small_graph] * 2
        model = make_model(prepared.staging, prepared.small_graph)

        def call() -> Any:
            found = function(model, graphs, of=of, target="PDR", n=6, threads=1)
            return [one.nodes or one.edges for one in found]

        return call

    return prepare


def sage_layer(prepared: Prepared) -> Call:
    function, layer = prepared.core.sage_layer, Layer()

    def call() -> Any:
        function(*layer.forward)
        return layer.out

    return call


def sage_layer_backward(prepared: Prepared) -> Call:
    function, layer = prepared.core.sage_layer_backward, Layer()

    def call() -> Any:
        function(*layer.backward)
        return layer.gradients

    return call


def biomarkers(prepared: Prepared) -> Call:
    function = prepared.biomarkers.biomarkers
    found = prepared.graph.extract(prepared["mask"], keep=("mask", "skeleton"))
    return lambda: function(found)


def bootstrap(prepared: Prepared) -> Call:
    """Intervals of the scores of a cohort, two eyes a subject."""
    function, labels = prepared.metrics.bootstrap_intervals, ("Healthy", "NPDR", "PDR")
    rng = np.random.Generator(np.random.PCG64(SEED))
    truth = [labels[i] for i in rng.integers(0, 3, 1264).tolist()]
    shares = rng.integers(1, 1000, (1264, 3)) / 3000
    shares[:, 2] = 1 - shares[:, 0] - shares[:, 1]
    subjects = [f"{i // 2}" for i in range(1264)]
    return lambda: function(
        truth, labels=labels, subjects=subjects, probabilities=shares, resamples=50
    )


def save(prepared: Prepared) -> Call:
    function, graph, path = prepared.graph.save, prepared.small_graph, own_file()
    return lambda: function(graph, path)


def load(prepared: Prepared) -> Call:
    function, path = prepared.graph.load, own_file()
    prepared.graph.save(prepared.small_graph, path)
    return lambda: function(path)


def own_file() -> Path:
    return Path(f"graph-{os.getpid()}.npz")


def import_package(_: Prepared) -> Call:
    code = "import time; t = time.process_time(); import gftcore; print(time.process_time() - t)"
    command = [sys.executable, "-I", "-c", code]
    return lambda: float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


WORKLOADS = (
    Workload("thin fast", stage("thin", "mask")),
    Workload("thin ordered", stage("thin", "mask", method="ordered")),
    Workload("squared_distance", stage("squared_distance", "mask")),
    Workload("label", stage("label", "mask")),
    Workload("label background", stage("label", "mask", background=True)),
    Workload("fill_small", stage("fill_small", "mask", area_px=30)),
    Workload("trace", stage("trace", "skeleton", anchors="=anchors")),
    Workload("prune", stage("prune", "traced", "squared_distance")),
    Workload(
        "segment_table centreline",
        stage("segment_table", "pruned", "mask", "squared_distance", mode="centreline"),
    ),
    Workload(
        "segment_table edt",
        stage("segment_table", "pruned", "mask", "squared_distance", intensity="=image"),
    ),
    Workload("assign_pixels", stage("assign_pixels", "pruned", "mask")),
    Workload("region_table", stage("region_table", "background_labels")),
    Workload(
        "region_table intensity", stage("region_table", "background_labels", intensity="=image")
    ),
    Workload("faces", stage("faces", "pruned")),
    Workload("match_faces", stage("match_faces", "faces", "background_labels")),
    Workload("adjacency", stage("adjacency", "pruned", "faces", "background_labels")),
    Workload("find_faz", find_faz),
    Workload("segment", segment("local_contrast")),
    Workload("segment oriented", segment("oriented")),
    Workload("segment ridge", segment("ridge")),
    Workload("extract edt", extract("edt")),
    Workload("extract centreline", extract("centreline")),
    Workload("extract_image", stage("extract_image", "image")),
    Workload("extract_batch", extract_batch),
    Workload("grow_vessels", grow_vessels),
    Workload("draw_vessels", draw_vessels),
    Workload("make_eye", make_eye),
    Workload("predict", predict),
    Workload("integrated_gradients", integrated_gradients("nodes")),
    Workload("integrated_gradients edges", integrated_gradients("edges")),
    Workload("sage_layer", sage_layer),
    Workload("sage_layer backward", sage_layer_backward),
    Workload("biomarkers", biomarkers),
    Workload("bootstrap", bootstrap),
    Workload("save", save),
    Workload("load", load),
    Workload("import gftcore", import_package, clock="own"),
)
