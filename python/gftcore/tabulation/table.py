# SPDX-License-Identifier: Apache-2.0
"""What a table says about one eye: ``gftcore-table/1`` as dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "AttributionInfo",
    "EdgeRow",
    "FazRow",
    "FeatureCell",
    "ImageInfo",
    "ModelInfo",
    "NodeRow",
    "QuadrantRow",
    "RangeCell",
    "ReferenceInfo",
    "Table",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """The image a table is about.

    Attributes
    ----------
    id
        How it is called; never a patient's identifier.
    eye
        ``OD``, ``OS`` or ``unknown``.
    rows, cols
        Of the mask in which all positions are.
    mm_per_px
        Of the mask.
    fov_mm
        Length of the longer side.
    layer
        Such as ``SVC``; empty if nobody said it.
    sha256
        Of the file; empty for arrays.
    """

    id: str
    eye: str
    rows: int
    cols: int
    mm_per_px: float
    fov_mm: float
    layer: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """The network that answered: digests of its file and of its settings."""

    sha256: str
    config_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionInfo:
    """How contributions were computed, and how exact they are; None where nothing was estimated.

    Attributes
    ----------
    kind, against, method, baseline
        As for `gftcore.attribution.integrated_gradients`; ``against`` is None but for margins.
    by
        What ranks nodes and edges, see `gftcore.attribution.select`.
    n_nodes, n_edges
        Panels or points; 0 where there are no contributions.
    error_nodes, error_edges
        Estimated L1 error relative to the contributions' L1 norm.
    completeness_gap_nodes, completeness_gap_edges
        Relative, see `gftcore.attribution.PathSummary`.
    """

    kind: str
    method: str
    n_nodes: int
    n_edges: int
    error_nodes: float | None
    error_edges: float | None
    completeness_gap_nodes: float | None
    completeness_gap_edges: float | None
    by: str = "contribution"
    against: str | None = None
    baseline: str = "zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeCell:
    """Where a value lies among the reference eyes, see `ReferenceInfo`.

    Attributes
    ----------
    low, high
        Their 2.5 % and 97.5 % quantiles, in the unit of the value.
    band
        ``below`` low; ``lower``, ``middle`` or ``upper``: up to the 25 %, the 75 %, the 97.5 %
        quantile; ``above`` high. None where the value does not exist.
    """

    low: float
    high: float
    band: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceInfo:
    """The eyes that values are compared with: those of one class that the network learned from.

    Attributes
    ----------
    eyes
        How many.
    label
        Their class.
    data
        ``synthetic`` where they were made by a program, ``unknown`` where nobody said.
    """

    eyes: int
    label: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuadrantRow:
    """A quarter of the image, split at its centre; what is at or past the centre is right, bottom.

    Attributes
    ----------
    nodes, edges
        Vessel segments and areas at their positions; undirected edges at their midpoints. Without
        the FAZ.
    node_frac, edge_frac
        Of those of the whole image.
    vessel_density_pct
        Share of valid pixels that are vessel, in percent; None without any.
    ica_area_mm2
        Sum of the areas whose centroid is there.
    """

    nodes: int
    edges: int
    node_frac: float
    edge_frac: float
    vessel_density_pct: float | None
    ica_area_mm2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FazRow:
    """The foveal avascular zone.

    Attributes
    ----------
    area_mm2, circularity
        Circularity is 4 pi area / perimeter^2.
    row, col
        Centroid in px of the mask.
    method, confidence
        How it was found, see `gftcore.graph.FazChoice`; None where that rule gives none.
    """

    area_mm2: float
    circularity: float
    row: float
    col: float
    method: str
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureCell:
    """One feature of a node.

    Attributes
    ----------
    name, unit
        Column of the graph and what it is measured in, in mm where the image's scale is known;
        the empty string for plain numbers.
    value
        None where it does not exist.
    z
        As the network read it: 0 is the training set's mean, 1 one standard deviation above.
    ig
        Integrated gradients of this feature.
    reference
        Where the value lies among all nodes of this type of the reference eyes; None without them.
    """

    name: str
    unit: str
    value: float | None
    z: float
    ig: float
    reference: RangeCell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """A node that contributed much.

    Attributes
    ----------
    rank
        From 1.
    id, type
        Row in the graph, and ``vessel``, ``ica`` or ``faz``.
    contribution, magnitude, share
        See `gftcore.attribution.SelectedNode`.
    row, col
        Position in px of the mask.
    x_percent, y_percent
        100 (col + 0.5) / cols and 100 (row + 0.5) / rows.
    quadrant
        ``TL``, ``TR``, ``BL`` or ``BR``.
    region
        Such as ``superior nasal`` or, if the eye is unknown, ``upper right``; ``centre`` in the
        foveal zone.
    clock_hour
        1 to 12 about the centroid of the FAZ as displayed, 12 up, 3 right; None in the foveal zone.
    zone
        ``foveal`` (< 0.5 mm from that centroid), ``parafoveal`` (< 1.25 mm) or ``outer``.
    faz_distance_mm
        Distance to that centroid.
    features
        Those with the largest absolute ``ig``, largest first.
    """

    rank: int
    id: int
    type: str
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
    features: tuple[FeatureCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """An undirected edge that contributed much, at the middle between its nodes.

    Attributes
    ----------
    relation, id
        ``vv``, ``ii``, ``vi``, ``vf``, ``if`` or ``ff``, and the column of ``edge_pairs``.
    src, dst
        Rows of its nodes in the graph, of the relation's first type and of its second.
    """

    rank: int
    relation: str
    id: int
    src: int
    dst: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: what was measured, what the network answered, and what decided.

    Attributes
    ----------
    image, model, attribution
        What it is about and how it was made.
    label
        The true class, where one is known.
    prediction, probabilities
        The answer, and the probability of each class in the network's order.
    target
        The class whose contributions are listed.
    quadrants
        ``TL``, ``TR``, ``BL``, ``BR``.
    vector8_mode, vector8
        See `gftcore.biomarkers.quadrant_vector`.
    biomarkers
        Numbers by name: those of `gftcore.biomarkers.Biomarkers.to_dict` where they were measured,
        and always those of `gftcore.tabulation.graph_numbers`. None for what does not exist.
    faz
        None if none was found.
    warnings
        Codes of the graph and of the answer, then those of `gftcore.tabulation.WARNINGS`.
    nodes, edges
        Best first.
    reference
        The eyes that values are compared with; None without them.
    ranges
        Name of a biomarker to where its value lies among the reference eyes.
    notice
        What has to stand beside every result.
    gftcore, simd_target
        Version of this package and instruction set that computed it.
    settings_hash
        SHA-256 of all settings that the table depends on, as the command line computes it; empty
        otherwise.
    """

    image: ImageInfo
    model: ModelInfo
    attribution: AttributionInfo
    label: str | None
    prediction: str
    probabilities: Mapping[str, float]
    target: str
    quadrants: Mapping[str, QuadrantRow]
    vector8_mode: str
    vector8: tuple[float, ...]
    biomarkers: Mapping[str, float | None]
    faz: FazRow | None
    warnings: tuple[str, ...]
    nodes: tuple[NodeRow, ...]
    edges: tuple[EdgeRow, ...]
    reference: ReferenceInfo | None = None
    ranges: Mapping[str, RangeCell] = field(default_factory=dict)
    notice: str = ""
    gftcore: str = ""
    simd_target: str = ""
    settings_hash: str = ""
