# SPDX-License-Identifier: Apache-2.0
"""Images to explanations: the class of each, and which nodes and edges of its graph decided."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from gftcore._validation import describe, require_choice, require_intensity
from gftcore.attribution import (
    MAP_KEEP,
    Attribution,
    Selection,
    draw_contributions,
    integrated_gradients,
    select,
)
from gftcore.attribution.api import resolution
from gftcore.attribution.selection import Wanted
from gftcore.config import config_dict, config_hash
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreError
from gftcore.graph.bulk import ExtractFailure
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.graph.inputs import require_keep
from gftcore.pipeline.staging import StagedImage, require_model, stage_graph, staged_images
from gftcore.pipeline.times import Laps
from gftcore.pipeline.training import model_notice
from gftcore.processors import thread_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from gftcore.datasets import GraphSource
    from gftcore.model import Model

__all__ = ["STATEMENT", "ExplainConfig", "ExplainedImage", "explain_graph", "explain_images"]

#: What stands in every explanation, beside `gftcore.pipeline.NOTICE`.
STATEMENT = (
    "This explains what the network computed from the graph of this image. It does not say "
    "where a disease is, nor that there is one."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainConfig:
    """What is explained, how exactly, and how much of it is shown. Validated when made.

    Parameters
    ----------
    target, kind, against, n, rtol
        As for `gftcore.attribution.integrated_gradients`, with secant panels.
    nodes, edges, mass, by, features
        As for `gftcore.attribution.select`.

    Examples
    --------
    >>> ExplainConfig(rtol=0.01).hash == ExplainConfig(rtol=0.01, kind="logit").hash
    True
    """

    target: str | None = None
    kind: Literal["logit", "margin", "prob"] = "logit"
    against: str | None = None
    n: int | None = None
    rtol: float | None = None
    nodes: int | Mapping[str, int] | None = None
    edges: int | Mapping[str, int] | None = None
    mass: float | None = None
    by: Literal["contribution", "magnitude"] = "contribution"
    features: int = 5

    def __post_init__(self) -> None:
        for name in ("nodes", "edges"):
            given = getattr(self, name)
            if isinstance(given, Mapping):
                object.__setattr__(self, name, dict(given))
        require_choice(self.kind, ("logit", "margin", "prob"), "kind")
        if self.kind != "margin" and self.against is not None:
            raise ArgumentError(f"against needs kind 'margin', got '{self.kind}'")
        resolution(self.kind, "secant", self.n, self.rtol)
        Wanted.checked(
            nodes=self.nodes, edges=self.edges, mass=self.mass, by=self.by, features=self.features
        )

    def require_classes(self, classes: tuple[str, ...]) -> None:
        """Refuse a class that a network does not know.

        Raises
        ------
        ArgumentError
            If there is one.
        """
        for name in ("target", "against"):
            if getattr(self, name) is not None:
                require_choice(getattr(self, name), classes, name)
        if self.target is not None and self.target == self.against:
            raise ArgumentError(f"against must be another class than '{self.target}'")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return config_dict(self)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of all fields."""
        return config_hash(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExplainedImage:
    """What a network says about one image, and what decided.

    Attributes
    ----------
    staged
        The answer, with graph and pixels.
    attribution, selection
        Contributions of all nodes and edges, and the largest of them.
    config
        What was asked for.
    notice
        What has to stand beside the result, see `model_notice`.
    seconds
        Wall time by kind of work: those of ``staged``, then ``attribution`` and ``selection``.
    """

    staged: StagedImage
    attribution: Attribution
    selection: Selection
    config: ExplainConfig
    notice: str
    seconds: Mapping[str, float]

    @property
    def graph(self) -> HeteroGraph:
        """The graph that is explained."""
        graph = self.staged.graph
        assert graph is not None
        return graph

    def picture(self, *, scale: int | None = None) -> NDArray[np.uint8]:
        """Draw the contributions over the image, with the selection, a legend and the notice.

        Parameters
        ----------
        scale
            As for `gftcore.attribution.draw_contributions`.
        """
        return draw_contributions(
            self.attribution,
            self.graph,
            background=self.staged.pixels,
            selection=self.selection,
            scale=scale,
            notes=[self.notice],
        )

    def document(self, *, image_id: str = "") -> dict[str, Any]:
        """Return the explanation as plain JSON values, schema ``gftcore-explanation/1``.

        Equal runs give equal documents: there is no time, host or path in it. Numbers have nine
        digits.

        Parameters
        ----------
        image_id
            How the image is called in it.
        """
        from gftcore.pipeline.explanation_file import explanation_document

        return explanation_document(self, image_id)


def explain_graph(
    graph: HeteroGraph,
    model: Model | None = None,
    *,
    config: ExplainConfig | None = None,
    threads: int | None = None,
    name: str = "",
    pixels: ArrayLike | None = None,
) -> ExplainedImage:
    """Classify a graph that is there already, and explain the answer.

    Parameters
    ----------
    graph
        From `gftcore.graph.extract_image`; for a picture, with ``keep=MAP_KEEP`` of
        `gftcore.attribution`.
    model
        The network; None means the one that comes with the package.
    config
        What is explained, and how; None means the defaults.
    threads
        Number of threads; None means one per usable processor.
    name
        Free text that the result repeats.
    pixels
        The image, as background of the picture: the mask's shape, or both sides divided by one
        integer.

    Raises
    ------
    ArgumentError
        If the graph lacks features that the network reads, or the network a class.

    Warns
    -----
    GftcoreWarning
        For each of `remarks`.

    Examples
    --------
    >>> from gftcore import graph
    >>> from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
    >>> lengths = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> settings = ModelConfig(features={"vessel": lengths}, hidden=16)
    >>> network = Model(config=settings, weights=initial_weights(settings, seed=1))
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    >>> said = explain_graph(bar, network, config=ExplainConfig(target="PDR"))
    >>> said.attribution.target, said.document()["schema"]
    ('PDR', 'gftcore-explanation/1')
    """
    network = require_model(model)
    settings = _require_config(config)
    settings.require_classes(network.config.classes)
    count = thread_count(threads)
    staged = stage_graph(graph, network, name=name, keep=True)
    if pixels is not None:
        staged = dataclasses.replace(
            staged, pixels=require_intensity(pixels, graph.meta.shape, name="pixels")
        )
    return _explained(staged, network, settings, count)


def explain_images(
    images: Iterable[str | Path | ArrayLike],
    model: Model | None = None,
    *,
    config: ExplainConfig | None = None,
    source: GraphSource | None = None,
    threads: int | None = None,
    keep: Iterable[str] = (),
) -> Iterator[ExplainedImage | ExtractFailure]:
    """Classify images and explain the answers, in the order of the input.

    The answers are those of `stage_images`. The result is the same, bit for bit, alone or among
    others and for any number of threads.

    Parameters
    ----------
    images, model, source
        As for `stage_images`.
    config
        What is explained, and how; None means the defaults.
    threads
        Number of images that are extracted, and of panels that are computed, at once; None means
        one per usable processor.
    keep
        Images that the graphs keep beside those of the picture, as for `gftcore.graph.extract`.

    Yields
    ------
    ExplainedImage or ExtractFailure
        One result per image. An image that fails does not stop the others.

    Warns
    -----
    GftcoreWarning
        As for `stage_images`.
    """
    network = require_model(model)
    settings = _require_config(config)
    settings.require_classes(network.config.classes)
    count = thread_count(threads)
    kept = (*MAP_KEEP, *require_keep(keep, from_mask=True))
    results = staged_images(
        images, network, source=source, threads=count, keep=kept, times=None, stacklevel=5
    )
    return _each(results, network, settings, count)


def _each(
    results: Iterator[StagedImage | ExtractFailure],
    model: Model,
    config: ExplainConfig,
    threads: int,
) -> Iterator[ExplainedImage | ExtractFailure]:
    for result in results:
        if isinstance(result, ExtractFailure):
            yield result
            continue
        try:
            out: ExplainedImage | ExtractFailure = _explained(result, model, config, threads)
        except (GftcoreError, MemoryError) as error:
            code = error.code if isinstance(error, GftcoreError) else type(error).__name__
            message = str(error) or "not enough memory"
            out = ExtractFailure(result.index, code, message, result.name)
        yield out


def _require_config(config: ExplainConfig | None) -> ExplainConfig:
    if config is None:
        return ExplainConfig()
    if not isinstance(config, ExplainConfig):
        raise ArgumentTypeError(f"config must be an ExplainConfig, got {describe(config)}")
    return config


def _explained(
    staged: StagedImage, model: Model, config: ExplainConfig, threads: int
) -> ExplainedImage:
    graph = staged.graph
    assert graph is not None
    lap = Laps()
    (found,) = integrated_gradients(
        model,
        [graph],
        # Messages of graph convolutions have no factor of their own.
        of="nodes" if model.config.conv == "gcn" else "both",
        target=config.target,
        kind=config.kind,
        against=config.against,
        n=config.n,
        rtol=config.rtol,
        threads=threads,
    )
    attribution_s, _ = lap.next()
    selection = select(
        found,
        graph,
        model,
        nodes=config.nodes,
        edges=config.edges,
        mass=config.mass,
        by=config.by,
        features=config.features,
    )
    selection_s, _ = lap.next()
    seconds = {**staged.seconds, "attribution": attribution_s, "selection": selection_s}
    return ExplainedImage(
        staged=staged,
        attribution=found,
        selection=selection,
        config=config,
        notice=model_notice(model),
        seconds=MappingProxyType(seconds),
    )
