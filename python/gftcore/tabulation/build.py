# SPDX-License-Identifier: Apache-2.0
"""A table of one eye from its graph, its contributions and its measurements."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypedDict

import numpy as np

import gftcore
from gftcore._validation import as_array, describe, require_choice, require_iterator
from gftcore.attribution import Attribution, SelectedEdge, SelectedNode, Selection
from gftcore.biomarkers import VECTOR_MODES, Biomarkers, quadrant_vector
from gftcore.errors import ArgumentError, ArgumentTypeError, ShapeError
from gftcore.graph.hetero_graph import HeteroGraph
from gftcore.tabulation.document import rounded
from gftcore.tabulation.numbers import all_numbers, faz_shape, unit_and_factor
from gftcore.tabulation.places import CENTRE_CODE, QUADRANTS, Fovea
from gftcore.tabulation.reference import ReferenceRanges
from gftcore.tabulation.table import (
    AttributionInfo,
    EdgeRow,
    FazRow,
    FeatureCell,
    ImageInfo,
    ModelInfo,
    NodeRow,
    QuadrantRow,
    RangeCell,
    Table,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gftcore.attribution import PathSummary

__all__ = ["make_table"]


def make_table(
    graph: HeteroGraph,
    attribution: Attribution,
    selection: Selection,
    *,
    probabilities: ArrayLike | Mapping[str, float],
    config_hash: str,
    image_id: str,
    classes: Sequence[str] | None = None,
    model_sha256: str | None = None,
    sha256: str = "",
    layer: str = "",
    label: str | None = None,
    biomarkers: Biomarkers | None = None,
    reference: ReferenceRanges | None = None,
    vector8_mode: Literal["fraction", "count", "per_mm2"] = "fraction",
    warnings: Iterable[str] | None = None,
    notice: str = "",
    settings_hash: str = "",
) -> Table:
    """Put together what is known about one eye.

    Parameters
    ----------
    graph
        The graph; its settings say which eye it is and how wide its image is.
    attribution, selection
        What explains the answer, and the nodes and edges that are listed.
    probabilities
        Of each class, in the order of `classes` or by name.
    config_hash
        SHA-256 of the network's settings.
    image_id
        How the image is called; never a patient's identifier.
    classes
        Names of the classes; None means those of `attribution`.
    model_sha256
        Of the network; None means that of `attribution`.
    sha256, layer
        Of the image's file; such as ``SVC``.
    label
        The true class, where one is known.
    biomarkers
        Of the same graph; without them the vessel densities of the quadrants are None.
    reference
        Ranges of healthy eyes, see `reference_of`.
    vector8_mode
        As for `gftcore.biomarkers.quadrant_vector`.
    warnings
        Codes; None means those of the graph.
    notice
        What has to stand beside every result, see `gftcore.pipeline.model_notice`.
    settings_hash
        See `Table`.

    Returns
    -------
    Table
        With numbers rounded as they are written, so that reading gives an equal table.

    Raises
    ------
    ArgumentError
        If parts belong to different eyes, or a class is unknown.
    ArgumentTypeError, ShapeError
        If a part has another type or shape.

    Examples
    --------
    >>> from gftcore import attribution, graph
    >>> from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
    >>> lengths = FeatureSet(columns=("length", "degree"), mean=(30, 3), sd=(20, 2))
    >>> config = ModelConfig(features={"vessel": lengths}, hidden=16)
    >>> network = Model(config=config, weights=initial_weights(config, seed=1))
    >>> cross = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    >>> grid = graph.extract(np.kron(cross, np.ones((9, 9), dtype=int)))
    >>> (found,) = attribution.integrated_gradients(network, [grid], of="both")
    >>> best = attribution.select(found, grid, network, nodes=3, by="magnitude")
    >>> table = make_table(
    ...     grid,
    ...     found,
    ...     best,
    ...     probabilities=found.probabilities,
    ...     config_hash=config.hash,
    ...     image_id="a",
    ... )
    >>> len(table.nodes), table.nodes[0].features[0].unit, table.faz.method, table.warnings
    (3, 'mm', 'nearest', ())
    """
    for name, kind, value in (("graph", HeteroGraph, graph), ("selection", Selection, selection),
                              ("attribution", Attribution, attribution)):  # fmt: skip
        if not isinstance(value, kind):
            raise ArgumentTypeError(f"{name} must be of {kind.__name__}, got {describe(value)}")
    _require_one_eye(graph, attribution, selection, biomarkers)
    if reference is not None and not isinstance(reference, ReferenceRanges):
        raise ArgumentTypeError(f"reference must be ReferenceRanges, got {describe(reference)}")
    require_choice(vector8_mode, VECTOR_MODES, "vector8_mode")
    if model_sha256 not in (None, attribution.model_sha256):
        raise ArgumentError("model_sha256 must be that of attribution, got another network's")
    by_class = _probabilities(probabilities, attribution, classes)
    if label is not None:
        require_choice(label, tuple(by_class), "label")
    texts = {"image_id": image_id, "config_hash": config_hash, "sha256": sha256}
    texts |= {"layer": layer, "notice": notice, "settings_hash": settings_hash}
    plain = {name: _plain(text, name) for name, text in texts.items()}
    fovea = Fovea.of(graph)
    meta = graph.meta
    given = meta.warnings if warnings is None else warnings
    codes = list(require_iterator(given, "warnings", "a sequence of codes"))
    codes += [] if fovea.found else [CENTRE_CODE]
    numbers = all_numbers(graph, biomarkers)
    vector8 = (
        quadrant_vector(graph, mode=vector8_mode).tolist()
        if biomarkers is None
        else biomarkers.quadrant_vectors[vector8_mode]
    )
    return rounded(
        Table(
            image=ImageInfo(
                id=plain["image_id"],
                eye=meta.eye,
                rows=meta.shape[0],
                cols=meta.shape[1],
                mm_per_px=meta.mm_per_px,
                fov_mm=meta.fov_mm,
                layer=plain["layer"],
                sha256=plain["sha256"],
            ),
            model=ModelInfo(sha256=attribution.model_sha256, config_hash=plain["config_hash"]),
            attribution=_how(attribution, selection),
            label=label,
            prediction=max(by_class, key=by_class.__getitem__),
            probabilities=by_class,
            target=attribution.target,
            quadrants=_quadrants(graph, biomarkers),
            vector8_mode=vector8_mode,
            vector8=tuple(_known(x) or 0.0 for x in vector8),
            biomarkers={name: _known(value) for name, value in numbers.items()},
            faz=_faz(graph),
            warnings=tuple(dict.fromkeys(str(code) for code in codes)),
            nodes=tuple(_node(one, graph, fovea, reference) for one in selection.nodes),
            edges=tuple(_edge(one, fovea) for one in selection.edges),
            reference=None if reference is None else reference.info,
            ranges=_ranges(numbers, reference),
            notice=plain["notice"],
            gftcore=gftcore.__version__,
            simd_target=attribution.simd,
            settings_hash=plain["settings_hash"],
        )
    )


def _require_one_eye(
    graph: HeteroGraph, found: Attribution, picked: Selection, markers: Biomarkers | None
) -> None:
    """Refuse parts that cannot be of one eye."""
    for node in picked.nodes:
        if node.id >= len(graph.features(node.node_type)):
            raise ArgumentError(f"selection must be of this graph, got {node.node_type} {node.id}")
    if (picked.nodes and found.nodes is None) or (picked.edges and found.edges is None):
        raise ArgumentError("selection must be of this attribution, which has no such results")
    for edge in picked.edges:
        assert found.edges is not None
        pairs = found.edges.edge_pairs.get(edge.relation)
        if pairs is None or edge.id >= pairs.shape[1] or tuple(pairs[:, edge.id]) != edge.ends:
            raise ArgumentError(
                f"selection must be of this attribution, got edge {edge.id} of {edge.relation}"
            )
    if markers is None:
        return
    if not isinstance(markers, Biomarkers):
        raise ArgumentTypeError(f"biomarkers must be Biomarkers, got {describe(markers)}")
    meta, area = graph.meta, faz_shape(graph)[0]
    same = math.isclose(markers.faz_area_mm2, area, rel_tol=1e-9)
    same = same or (math.isnan(area) and math.isnan(markers.faz_area_mm2))
    for name, holds in (
        ("eye", markers.eye == meta.eye),
        ("fov_mm", markers.fov_mm == meta.fov_mm),
        ("FAZ", same),
    ):
        if not holds:
            raise ArgumentError(f"biomarkers must be of this graph, got another {name}")


def _plain(text: str, name: str) -> str:
    """Return text that UTF-8 can hold; names of files may have bytes that it cannot."""
    if not isinstance(text, str):
        raise ArgumentTypeError(f"{name} must be text, got {describe(text)}")
    return text.encode("utf-8", errors="backslashreplace").decode()


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _probabilities(
    given: ArrayLike | Mapping[str, float], found: Attribution, classes: Sequence[str] | None
) -> dict[str, float]:
    names = found.classes if classes is None else tuple(classes)
    if set(names) != set(found.classes) or len(names) != len(found.classes):
        raise ArgumentError(
            f"classes must be those of attribution, {', '.join(found.classes)}, got "
            f"{', '.join(map(str, names)):.80}"
        )
    if isinstance(given, Mapping):
        if set(given) != set(names):
            raise ArgumentError(
                f"probabilities must have {', '.join(names)}, got {', '.join(map(str, given)):.80}"
            )
        given = [given[name] for name in names]
    array = as_array(given, "probabilities", "a number a class")
    if array.shape != (len(names),):
        raise ShapeError(f"probabilities must have {len(names)} values, got shape {array.shape}")
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ArgumentError("probabilities must be finite numbers")
    if float(array.min()) < 0 or abs(float(array.sum()) - 1) > 1e-4:
        raise ArgumentError(f"probabilities must be 0 to 1 and add up to 1, got {array.tolist()}")
    each = dict(zip(names, array.astype(np.float64).tolist(), strict=True))
    return {name: each[name] for name in found.classes}


def _how(found: Attribution, picked: Selection) -> AttributionInfo:
    def of(path: PathSummary | None) -> tuple[int, float | None, float | None]:
        if path is None:
            return 0, None, None
        error = None if path.error is None else _known(path.error)
        return path.n, error, _known(path.completeness_gap_rel)

    n_nodes, error_nodes, gap_nodes = of(found.nodes)
    n_edges, error_edges, gap_edges = of(found.edges)
    return AttributionInfo(
        kind=found.kind,
        method=found.method,
        n_nodes=n_nodes,
        n_edges=n_edges,
        error_nodes=error_nodes,
        error_edges=error_edges,
        completeness_gap_nodes=gap_nodes,
        completeness_gap_edges=gap_edges,
        by=picked.by,
        against=found.against,
        baseline=found.baseline,
    )


def _quadrants(graph: HeteroGraph, markers: Biomarkers | None) -> dict[str, QuadrantRow]:
    counts = quadrant_vector(graph, mode="count").astype(int).reshape(2, 4)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rowcol, areas = graph.positions("ica"), graph.ica("area") * graph.meta.mm_per_px**2
    rows, cols = graph.meta.shape
    place = 2 * (rowcol[:, 0] >= (rows - 1) / 2) + (rowcol[:, 1] >= (cols - 1) / 2)
    out = {}
    for i, name in enumerate(QUADRANTS):
        density = None if markers is None else _known(markers.quadrants[name].vessel_density)
        out[name] = QuadrantRow(
            nodes=int(counts[0, i]),
            edges=int(counts[1, i]),
            node_frac=float(shares[0, i]),
            edge_frac=float(shares[1, i]),
            vessel_density_pct=None if density is None else 100 * density,
            ica_area_mm2=float(areas[place == i].sum()),
        )
    return out


def _faz(graph: HeteroGraph) -> FazRow | None:
    if not len(graph.faz_x):
        return None
    area, circularity = faz_shape(graph)
    row, col = graph.positions("faz")[0].tolist()
    return FazRow(
        area_mm2=area,
        circularity=_known(circularity) or 0.0,
        row=row,
        col=col,
        method=graph.faz_info.method,
        confidence=_known(graph.faz_info.confidence),
    )


class _Placed(TypedDict):
    """Fields that rows of nodes and of edges share."""

    rank: int
    id: int
    contribution: float
    magnitude: float
    share: float
    row: float
    col: float
    x_percent: float
    y_percent: float
    quadrant: str
    region: str
    clock_hour: int | None
    zone: str
    faz_distance_mm: float


def _placed(one: SelectedNode | SelectedEdge, fovea: Fovea) -> _Placed:
    place = fovea.place(one.row, one.col)
    return {
        "rank": one.rank,
        "id": one.id,
        "contribution": one.contribution,
        "magnitude": one.magnitude,
        "share": one.share,
        "row": one.row,
        "col": one.col,
        "x_percent": place.x_percent,
        "y_percent": place.y_percent,
        "quadrant": place.quadrant,
        "region": place.region,
        "clock_hour": place.clock_hour,
        "zone": place.zone,
        "faz_distance_mm": place.faz_distance_mm,
    }


def _node(
    one: SelectedNode, graph: HeteroGraph, fovea: Fovea, reference: ReferenceRanges | None
) -> NodeRow:
    features = []
    for each in one.features:
        unit, factor = unit_and_factor(one.node_type, each.name, graph.meta.mm_per_px)
        value = _known(each.value)
        value = None if value is None else value * factor
        found = None
        if reference is not None:
            found = reference.of_node(one.node_type, each.name, value)
        features.append(
            FeatureCell(
                name=each.name,
                unit=unit,
                value=value,
                z=each.standardised,
                ig=each.contribution,
                reference=found,
            )
        )
    return NodeRow(type=one.node_type, features=tuple(features), **_placed(one, fovea))


def _edge(one: SelectedEdge, fovea: Fovea) -> EdgeRow:
    src, dst = one.ends
    return EdgeRow(relation=one.relation, src=src, dst=dst, **_placed(one, fovea))


def _ranges(
    numbers: Mapping[str, float], reference: ReferenceRanges | None
) -> dict[str, RangeCell]:
    if reference is None:
        return {}
    found = {name: reference.of_image(name, value) for name, value in numbers.items()}
    return {name: cell for name, cell in found.items() if cell is not None}
