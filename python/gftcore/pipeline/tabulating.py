# SPDX-License-Identifier: Apache-2.0
"""Explanations to tables."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

from gftcore import tabulation
from gftcore._validation import describe
from gftcore.attribution.paths import sha256_of
from gftcore.biomarkers import biomarkers
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning
from gftcore.pipeline.explaining import ExplainedImage
from gftcore.pipeline.staging import require_model

if TYPE_CHECKING:
    from gftcore.biomarkers import Biomarkers
    from gftcore.graph import HeteroGraph
    from gftcore.model import Model

__all__ = ["TABLE_KEEP", "table_biomarkers", "tabulate"]

#: What `explain_images` must keep for a table with biomarkers.
TABLE_KEEP = ("mask", "skeleton")


def tabulate(
    said: ExplainedImage,
    model: Model | None = None,
    *,
    image_id: str = "",
    layer: str = "",
    label: str | None = None,
    vector8_mode: Literal["fraction", "count", "per_mm2"] = "fraction",
    settings_hash: str = "",
) -> tabulation.Table:
    """Put an explanation into a table, with biomarkers and the ranges of healthy eyes.

    Biomarkers are measured where the graph keeps `TABLE_KEEP`. Ranges are there where the record of
    the network's training holds them.

    Parameters
    ----------
    said
        From `explain_images` or `explain_graph`.
    model
        The network that was explained; None means the one that comes with the package.
    image_id, layer, label, vector8_mode, settings_hash
        As for `gftcore.tabulation.make_table`.

    Raises
    ------
    ArgumentError
        If another network was explained.

    Examples
    --------
    >>> from gftcore import graph, pipeline
    >>> from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
    >>> lengths = FeatureSet(columns=("length",), mean=(30,), sd=(20,))
    >>> settings = ModelConfig(features={"vessel": lengths}, hidden=16)
    >>> network = Model(config=settings, weights=initial_weights(settings, seed=1))
    >>> bar = graph.extract([[0, 0, 0], [1, 1, 1], [0, 0, 0]], keep=TABLE_KEEP)
    >>> table = tabulate(pipeline.explain_graph(bar, network), network)
    >>> round(table.biomarkers["vessel_density"], 3), table.image.rows, table.reference
    (0.333, 3, None)
    """
    if not isinstance(said, ExplainedImage):
        raise ArgumentTypeError(f"said must be an ExplainedImage, got {describe(said)}")
    network = require_model(model)
    if sha256_of(network) != said.attribution.model_sha256:
        raise ArgumentError("model must be the network that was explained, got another one")
    graph, staged = said.graph, said.staged
    measured = table_biomarkers(graph)
    codes = [*staged.warnings, *(() if measured is None else measured.warnings)]
    return tabulation.make_table(
        graph,
        said.attribution,
        said.selection,
        probabilities=staged.probabilities,
        classes=staged.classes,
        config_hash=network.config.hash,
        image_id=image_id,
        sha256=staged.source.get("sha256", ""),
        layer=layer,
        label=label,
        biomarkers=measured,
        reference=tabulation.reference_of(network.config),
        vector8_mode=vector8_mode,
        warnings=dict.fromkeys(codes),
        notice=said.notice,
        settings_hash=settings_hash,
    )


def table_biomarkers(graph: HeteroGraph) -> Biomarkers | None:
    """Return what a table has of biomarkers; None where the graph does not let them be measured.

    Filled holes change densities, so that biomarkers refuse such masks.
    """
    filled = graph.meta.config.get("skeleton_fill_px", 0) > 1
    if filled or any(name not in graph.kept for name in TABLE_KEEP):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GftcoreWarning)  # the codes stand in the table
        return biomarkers(graph)
