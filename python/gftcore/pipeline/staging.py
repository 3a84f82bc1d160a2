# SPDX-License-Identifier: Apache-2.0
"""Images to class probabilities: graphs exactly as training makes them, then the network."""

from __future__ import annotations

import os
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gftcore._validation import (
    as_array,
    describe,
    require_bool,
    require_iterator,
)
from gftcore.datasets.graphs import GraphSource
from gftcore.errors import ArgumentTypeError, GftcoreError, GftcoreWarning
from gftcore.graph.bulk import BatchItem, ExtractFailure, extract_batch
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.graph.inputs import require_keep
from gftcore.io import file_sha256
from gftcore.model.default import default_model
from gftcore.model.files import Model
from gftcore.model.standardisation import standardised_batch
from gftcore.pipeline.times import CpuTimes, Laps, RunClock
from gftcore.pipeline.training import REMARKS, model_source, remarks, require_columns
from gftcore.processors import thread_count
from gftcore.staging.inference import predict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["StagedImage", "require_model", "stage_graph", "stage_images", "staged_images"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StagedImage:
    """What a network says about one image, and what that rests on.

    Attributes
    ----------
    index, name
        Position in the input; path of the file, empty for an array.
    classes
        Names of the classes, in the order of the two arrays below.
    probabilities
        float64 [C], softmax of the logits.
    logits
        float32 [C].
    prediction
        Name of the most probable class; the first one of equals.
    counts
        Numbers of junctions, vessels, areas, FAZ nodes and edges of the graph.
    warnings
        Codes of the graph, such as ``EMPTY_MASK``, then those of `remarks`.
    source
        ``kind`` (``image`` or ``mask``), ``sha256`` of the file, ``channel`` if one was chosen.
    config_hash
        SHA-256 of the settings that the graph depends on.
    model_sha256
        Of the network.
    seconds
        Wall time by kind of work: ``read``, ``segment``, ``graph``, ``standardise``, ``network``.
        Several images are worked on at once.
    graph, pixels
        The graph and the pixels of the image, if asked for and given.
    """

    index: int
    name: str
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    logits: NDArray[np.floating[Any]]
    prediction: str
    counts: Mapping[str, int]
    warnings: tuple[str, ...]
    source: Mapping[str, str]
    config_hash: str
    model_sha256: str
    seconds: Mapping[str, float]
    graph: HeteroGraph | None = None
    pixels: NDArray[Any] | None = None


def stage_graph(
    graph: HeteroGraph, model: Model | None = None, *, name: str = "", keep: bool = False
) -> StagedImage:
    """Classify a graph that is there already.

    Parameters
    ----------
    graph
        From `gftcore.graph.extract_image` or `gftcore.graph.load`.
    model
        The network; None means the one that comes with the package.
    name
        Free text that the result repeats.
    keep
        Whether the result holds the graph.

    Raises
    ------
    ArgumentError
        If the graph lacks features that the network reads, as that of a mask does.

    Warns
    -----
    GftcoreWarning
        For each of `remarks`.

    Examples
    --------
    >>> import numpy as np
    >>> from gftcore import graph
    >>> grey = np.random.default_rng(1).integers(0, 200, (48, 48), dtype=np.uint8)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     sorted(stage_graph(graph.extract_image(grey)).counts)
    ['edges', 'faz', 'icas', 'junctions', 'vessels']
    """
    network = require_model(model)
    if not isinstance(graph, HeteroGraph):
        raise ArgumentTypeError(f"graph must be a HeteroGraph, got {describe(graph)}")
    kept = require_bool(keep, "keep")
    work = _Work(network, network.sha256, GraphSource(), keep=kept)
    staged = work.classified(graph, _Waiting(0, name))
    _warn(staged.warnings, stacklevel=3)
    return staged


def stage_images(
    images: Iterable[str | Path | ArrayLike],
    model: Model | None = None,
    *,
    source: GraphSource | None = None,
    threads: int | None = None,
    keep: bool | Iterable[str] = False,
    times: CpuTimes | None = None,
) -> Iterator[StagedImage | ExtractFailure]:
    """Classify images, in the order of the input.

    A graph is made as training makes it: from a two-valued file as mask, from any other as image,
    with the settings that the network's file records. The result is the same, bit for bit, alone
    or among others and for any number of threads.

    Parameters
    ----------
    images
        Paths or arrays [H, W], read one by one, at most ``3 * threads`` ahead.
    model
        The network; None means the one that comes with the package.
    source
        How images become graphs; None means as in the training of the network, see `model_source`.
    threads
        Number of images that are extracted, and of graphs that are classified, at once; None means
        one per usable processor.
    keep
        Whether the results hold graphs and pixels; or the names of images that the graphs keep, as
        for `gftcore.graph.extract`.
    times
        Where the CPU time of the run is added up.

    Yields
    ------
    StagedImage or ExtractFailure
        One result per image. An image that cannot be read, or whose graph lacks features that the
        network reads, does not stop the others.

    Warns
    -----
    GftcoreWarning
        For each warning of a graph, and for each of `remarks`.
    """
    return staged_images(
        images, model, source=source, threads=threads, keep=keep, times=times, stacklevel=4
    )


def staged_images(
    images: Iterable[str | Path | ArrayLike],
    model: Model | None,
    *,
    source: GraphSource | None,
    threads: int | None,
    keep: bool | Iterable[str],
    times: CpuTimes | None,
    stacklevel: int,
) -> Iterator[StagedImage | ExtractFailure]:
    """As `stage_images`; `stacklevel` is where warnings of remarks point to."""
    network = require_model(model)
    settings = model_source(network) if source is None else source
    if not isinstance(settings, GraphSource):
        raise ArgumentTypeError(f"source must be a GraphSource, got {describe(settings)}")
    expected = "a sequence of paths or arrays"
    if isinstance(images, (str, os.PathLike)) or getattr(images, "ndim", 0) == 2:
        raise ArgumentTypeError(f"images must be {expected}, got one; put it into a list")
    given = require_iterator(images, "images", expected)
    cpu = CpuTimes() if times is None else times
    if not isinstance(cpu, CpuTimes):
        raise ArgumentTypeError(f"times must be a CpuTimes, got {describe(cpu)}")
    count = thread_count(threads)
    kept = () if isinstance(keep, bool) else require_keep(keep, from_mask=True)
    work = _Work(network, network.sha256, settings, keep=keep is not False)
    waiting: deque[_Waiting] = deque()
    items = _items(given, settings, waiting, cpu, pixels=work.keep)
    results = extract_batch(items, settings.extract, seg=settings.seg, threads=count, keep=kept)
    return _staged(results, waiting, work, cpu, count, stacklevel)


def require_model(model: Model | None) -> Model:
    """Return the network, the one that comes with the package for None."""
    if model is None:
        return default_model()
    if not isinstance(model, Model):
        raise ArgumentTypeError(f"model must be a Model, got {describe(model)}; use Model.load")
    return model


@dataclass(slots=True)
class _Waiting:
    """An image on its way; seconds of wall time of reading, else of CPU time."""

    index: int
    name: str
    sha256: str | None = None
    pixels: NDArray[Any] | None = None
    read: float = 0.0
    standardise: float = 0.0
    network: float = 0.0
    error: GftcoreError | OSError | MemoryError | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    """What is done with each graph."""

    model: Model
    digest: str
    source: GraphSource
    keep: bool

    def outcome(
        self, result: HeteroGraph | ExtractFailure, one: _Waiting
    ) -> StagedImage | ExtractFailure:
        if one.error is not None:
            return _failed(one, one.error)
        if isinstance(result, ExtractFailure):
            return ExtractFailure(one.index, result.code, result.message, one.name)
        if one.sha256 is not None:
            result = result.with_source(**self.source.origin(one.sha256))
        try:
            return self.classified(result, one)
        except (GftcoreError, MemoryError) as error:
            return _failed(one, error)

    def classified(self, graph: HeteroGraph, one: _Waiting) -> StagedImage:
        model = self.model
        require_columns(model.config, graph)
        lap = Laps()
        batch = standardised_batch(model.config, [graph])
        wall_inputs, one.standardise = lap.next()
        found = predict(model, batch, threads=1)
        wall_network, one.network = lap.next()
        stages = graph.meta.stage_seconds
        segment = stages.get("segmentation", 0.0)
        return StagedImage(
            index=one.index,
            name=one.name,
            classes=found.classes,
            probabilities=found.probabilities[0],
            logits=found.logits[0],
            prediction=found.labels[0],
            counts=MappingProxyType(
                {
                    "junctions": graph.num_nodes,
                    "vessels": graph.num_segments,
                    "icas": graph.num_icas,
                    "faz": len(graph.faz_x),
                    "edges": graph.num_edges,
                }
            ),
            warnings=(*graph.meta.warnings, *remarks(model, graph)),
            source=graph.meta.source,
            config_hash=graph.meta.config_hash,
            model_sha256=self.digest,
            seconds=MappingProxyType(
                {
                    "read": one.read,
                    "segment": segment,
                    "graph": sum(stages.values()) - segment,
                    "standardise": wall_inputs,
                    "network": wall_network,
                }
            ),
            graph=graph if self.keep else None,
            pixels=one.pixels,
        )


def _items(
    images: Iterable[Any],
    source: GraphSource,
    waiting: deque[_Waiting],
    cpu: CpuTimes,
    *,
    pixels: bool,
) -> Iterator[BatchItem]:
    for index, image in enumerate(images):
        path = Path(image) if isinstance(image, (str, os.PathLike)) else None
        one = _Waiting(index, "" if path is None else str(path))
        wall, busy = time.perf_counter(), time.thread_time()
        try:
            if path is None:
                found = as_array(image, "image", "a path or an array [H, W]")
            else:
                one.sha256 = file_sha256(path)
                found = source.read(path)
            item = source.item(found, name=one.name)
            one.pixels = found if pixels else None
        except (GftcoreError, OSError, MemoryError) as error:
            one.error, item = error, BatchItem()  # without pixels it fails by itself
        one.read = time.perf_counter() - wall
        cpu.read += time.thread_time() - busy
        waiting.append(one)
        yield item


def _staged(
    results: Iterator[HeteroGraph | ExtractFailure],
    waiting: deque[_Waiting],
    work: _Work,
    cpu: CpuTimes,
    threads: int,
    stacklevel: int,
) -> Iterator[StagedImage | ExtractFailure]:
    clock = RunClock(cpu)
    on_their_way: deque[tuple[_Waiting, Future[StagedImage | ExtractFailure]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for result in results:
                one = waiting.popleft()
                on_their_way.append((one, pool.submit(work.outcome, result, one)))
                if len(on_their_way) > threads:
                    yield from _delivered(on_their_way, 1, clock, stacklevel)
            yield from _delivered(on_their_way, len(on_their_way), clock, stacklevel)
        finally:
            pool.shutdown(cancel_futures=True)
    clock.pause()


def _delivered(
    on_their_way: deque[tuple[_Waiting, Future[StagedImage | ExtractFailure]]],
    count: int,
    clock: RunClock,
    stacklevel: int,
) -> Iterator[StagedImage | ExtractFailure]:
    for _ in range(count):
        one, future = on_their_way.popleft()
        out = future.result()
        clock.cpu.standardise += one.standardise
        clock.cpu.network += one.network
        if isinstance(out, StagedImage):
            _warn(out.warnings, stacklevel=stacklevel)
        clock.pause()
        yield out
        clock.go_on()


def _failed(one: _Waiting, error: GftcoreError | OSError | MemoryError) -> ExtractFailure:
    code = error.code if isinstance(error, GftcoreError) else type(error).__name__
    message = str(error)
    if isinstance(error, MemoryError):
        message = message or "not enough memory"
    elif isinstance(error, OSError) and not isinstance(error, GftcoreError):
        message = f"{one.name}: {error.strerror or error}"
    return ExtractFailure(one.index, code, message, one.name)


def _warn(codes: Iterable[str], *, stacklevel: int) -> None:
    """Warn of remarks, at the line of the user; the extraction has told the codes of the graph."""
    for code in codes:
        if code in REMARKS:
            warnings.warn(f"{code}: {REMARKS[code]}", GftcoreWarning, stacklevel=stacklevel)
