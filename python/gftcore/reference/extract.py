# SPDX-License-Identifier: Apache-2.0
"""The whole extraction: mask in, typed graph out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gftcore.reference.adjacency import Relation, adjacency, as_relation
from gftcore.reference.centreline import centrelines, node_radius, point_radius
from gftcore.reference.distance import NO_BACKGROUND, euclidean, squared_distance
from gftcore.reference.faces import Faces, faces, match_faces
from gftcore.reference.faz import FazChoice, find_faz
from gftcore.reference.merge import merge_junctions
from gftcore.reference.morphology import BoolImage, as_mask, border_anchors, fill_small, touches
from gftcore.reference.prune import prune
from gftcore.reference.regions import label_regions, region_table
from gftcore.reference.segments import assign_pixels, segment_table
from gftcore.reference.thinning import ORACLE_METHODS, thin
from gftcore.reference.trace import NodeKind, SkeletonGraph, trace

KEEP = ("mask", "skeleton", "distance", "vessel_label", "ica_label", "face_label")
NO_ICA, IS_FAZ = -1, -2
DEGREE_COLUMNS = ("degree", "hetero_degree")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceConfig:
    """Default options; any object with these attributes will do."""

    skeleton: str = "fast"
    border: str = "anchor"
    skeleton_fill_px: int = 0
    ica_fill_px: int = 5
    prune: str = "bulge"
    bulge: float = 3.0
    max_rounds: int = 100
    merge_px: float = 3.0
    features: str = "edt"
    ica_connectivity: int = 8
    ica_min_px: int = 11
    adjacency: str = "planar"
    faz: str = "auto"
    fov_mm: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceGraph:
    """The arrays of a heterogeneous graph: V nodes, S segments, P points, A areas."""

    node_rowcol: NDArray[np.float32]
    node_radius_px: NDArray[np.float32]
    node_degree: NDArray[np.int32]
    node_pixels: NDArray[np.int32]
    node_kind: NDArray[np.uint8]
    segment_nodes: NDArray[np.int64]
    segment_faces: NDArray[np.int64]
    point_ptr: NDArray[np.int64]
    point_pixel: NDArray[np.int32]
    point_rowcol: NDArray[np.float32]
    point_radius_px: NDArray[np.float32]
    vessel_x: NDArray[np.float64]
    vessel_columns: tuple[str, ...]
    ica_x: NDArray[np.float64]
    ica_columns: tuple[str, ...]
    ica_label_id: NDArray[np.int32]
    ica_bbox: NDArray[np.int32]
    ica_touches_border: NDArray[np.bool_]
    face_ica: NDArray[np.int64]
    faz_x: NDArray[np.float64]
    faz_info: dict[str, Any]
    edges: dict[str, NDArray[np.int64]]
    edge_attr: dict[str, NDArray[np.float32]]
    kept: dict[str, NDArray[Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def extract(
    mask: ArrayLike,
    config: Any = None,
    *,
    intensity: ArrayLike | None = None,
    exclude: ArrayLike | None = None,
    faz_mask: ArrayLike | None = None,
    keep: tuple[str, ...] = (),
) -> ReferenceGraph:
    """Turn a vessel mask into a graph of segments, intercapillary areas and the FAZ.

    Parameters
    ----------
    mask
        Vessel mask [H, W]; foreground is what is not zero.
    config
        Object with the attributes of `ReferenceConfig`; None means its defaults.
    intensity
        Raw image whose sides are H, W divided by one integer.
    exclude
        Pixels [H, W] that count in nothing and act as image border.
    faz_mask
        Pixels [H, W] of the foveal avascular zone; overrides ``config.faz``.
    keep
        Images to copy out, of `KEEP`.

    Notes
    -----
    A mask without any background has no skeleton: its distances are undefined.
    """
    cfg = ReferenceConfig() if config is None else config
    unknown = set(keep) - set(KEEP)
    if unknown:
        raise ValueError(f"keep takes {KEEP}, got {sorted(unknown)}")
    vessels = as_mask(mask)
    excluded = np.zeros_like(vessels) if exclude is None else as_mask(exclude)
    vessels = vessels & ~excluded
    solid = fill_small(vessels, area_px=cfg.skeleton_fill_px, excluded=excluded)
    distance = squared_distance(solid)
    graph = skeleton_graph(solid, distance, cfg, excluded)
    found = faces(graph)
    table = segment_table(graph, solid, distance, mode=cfg.features, intensity=intensity)
    areas = _Areas.find(vessels, excluded, cfg, faz_mask, intensity)
    relations = adjacency(
        graph, found, areas.label, method=cfg.adjacency, squared_distance=distance
    )
    counts = _segment_degrees(relations, graph.num_segments)
    edges = _split_faz(relations, areas.faz.label - 1)
    rows = areas.rows_without_faz()
    is_faz_row = ~np.isin(np.arange(areas.count), rows)
    ica_degrees, faz_degrees = _area_degrees(edges, len(rows))
    images = {
        "mask": vessels,
        "skeleton": graph.skeleton,
        "distance": np.where(distance == NO_BACKGROUND, np.inf, euclidean(distance)).astype(
            np.float32
        ),
        "ica_label": areas.label,
        "face_label": found.label,
    }
    if "vessel_label" in keep:
        images["vessel_label"] = _segment_of_pixel(graph, solid)
    return ReferenceGraph(
        node_rowcol=graph.node_rowcol.astype(np.float32),
        node_radius_px=node_radius(graph, distance).astype(np.float32),
        node_degree=graph.node_degree,
        node_pixels=graph.node_pixels,
        node_kind=graph.node_kind,
        segment_nodes=graph.segment_nodes,
        segment_faces=found.segment_faces,
        point_ptr=graph.point_ptr,
        point_pixel=graph.point_pixel,
        point_rowcol=centrelines(graph).point_rowcol.astype(np.float32),
        point_radius_px=point_radius(graph, distance).astype(np.float32),
        vessel_x=np.hstack([table.values, counts]),
        vessel_columns=table.columns + DEGREE_COLUMNS,
        ica_x=np.hstack([areas.values[rows], ica_degrees]),
        ica_columns=areas.columns + DEGREE_COLUMNS,
        ica_label_id=(rows + 1).astype(np.int32),
        ica_bbox=areas.bbox[rows],
        ica_touches_border=areas.touches_border[rows],
        face_ica=_face_ica(found, areas),
        faz_x=np.hstack([areas.values[is_faz_row], faz_degrees[: is_faz_row.sum()]]),
        faz_info=areas.faz_info(),
        edges={name: relation[0] for name, relation in edges.items()},
        edge_attr={name: relation[1] for name, relation in edges.items()},
        kept={name: images[name] for name in keep},
        warnings=_warnings(vessels, excluded, graph),
    )


def skeleton_graph(
    mask: BoolImage, distance: NDArray[np.int32], cfg: Any, excluded: BoolImage
) -> SkeletonGraph:
    """Thin, trace, prune, merge; then nodes beside excluded pixels become border nodes."""
    anchored = cfg.border == "anchor" and cfg.skeleton not in ORACLE_METHODS and not mask.all()
    anchors = border_anchors(mask) if anchored else None
    if mask.all():
        skeleton = np.zeros_like(mask)
    else:
        skeleton = thin(mask, method=cfg.skeleton, border=cfg.border)
    graph = trace(skeleton, anchors=anchors)
    graph = prune(graph, distance, method=cfg.prune, bulge=cfg.bulge, max_rounds=cfg.max_rounds)
    graph = merge_junctions(graph, distance, merge_px=cfg.merge_px)
    beside = touches(excluded)[graph.node_pixel[:, 0], graph.node_pixel[:, 1]]
    kind = graph.node_kind.copy()
    kind[np.repeat(np.arange(graph.num_nodes), graph.node_pixels)[beside]] = NodeKind.BORDER
    return replace(graph, node_kind=kind)


@dataclass(frozen=True, slots=True)
class _Areas:
    """All regions, the FAZ among them; row = label - 1."""

    label: NDArray[np.int32]
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    bbox: NDArray[np.int32]
    touches_border: NDArray[np.bool_]
    faz: FazChoice

    @classmethod
    def find(
        cls,
        vessels: BoolImage,
        excluded: BoolImage,
        cfg: Any,
        faz_mask: ArrayLike | None,
        intensity: ArrayLike | None,
    ) -> _Areas:
        filled = fill_small(vessels, area_px=cfg.ica_fill_px, excluded=excluded)
        void = ~filled & ~excluded
        labels = label_regions(void, connectivity=cfg.ica_connectivity, min_px=cfg.ica_min_px)
        table = region_table(labels, intensity=intensity)
        at_frame = (table.bbox[:, :2] == 0).any(axis=1)
        at_frame |= (table.bbox[:, 2:] == labels.shape).any(axis=1)
        beside = np.isin(table.label_id, labels[touches(excluded)])
        choice = FazChoice(0, "none", float("nan"))
        if faz_mask is not None or cfg.faz != "none":
            choice = find_faz(
                void,
                labels,
                method="mask" if faz_mask is not None else cfg.faz,
                fov_mm=cfg.fov_mm,
                faz_mask=faz_mask,
                connectivity=cfg.ica_connectivity,
            )
        return cls(labels, table.columns, table.values, table.bbox, at_frame | beside, choice)

    @property
    def count(self) -> int:
        return len(self.values)

    def rows_without_faz(self) -> NDArray[np.int64]:
        return np.delete(np.arange(self.count), [self.faz.label - 1] if self.faz.label else [])

    def faz_info(self) -> dict[str, Any]:
        area = float(self.values[self.faz.label - 1, 2]) if self.faz.label else 0.0
        return {
            "label": self.faz.label,
            "area": area,
            "method": self.faz.method,
            "confidence": self.faz.confidence,
        }


def _split_faz(relations: Mapping[str, Relation], faz_row: int) -> dict[str, Relation]:
    """Move edges at the FAZ region to vf and if; number the other regions without a gap."""
    out: dict[str, dict[tuple[int, int], int]] = {name: {} for name in ("ii", "vi", "vf", "if")}
    has_faz = faz_row >= 0

    def shifted(row: int) -> int:
        return row - 1 if has_faz and row > faz_row else row

    for (segment, row), weight in _items(relations["vi"]):
        if has_faz and row == faz_row:
            out["vf"][segment, 0] = weight
        else:
            out["vi"][segment, shifted(row)] = weight
    for (a, b), weight in _items(relations["ii"]):
        if has_faz and faz_row in (a, b):
            out["if"][shifted(a + b - faz_row), 0] = weight
        else:
            out["ii"][shifted(a), shifted(b)] = weight
    split = {"vv": relations["vv"]} | {name: as_relation(pairs) for name, pairs in out.items()}
    return split | {"ff": as_relation({(0, 0): 0} if has_faz else {})}


def _items(relation: Relation) -> list[tuple[tuple[int, int], int]]:
    edges, attr = relation
    return [
        ((a, b), int(weight))
        for a, b, weight in zip(*edges.tolist(), attr[:, 0].tolist(), strict=True)
    ]


def _segment_degrees(relations: Mapping[str, Relation], segments: int) -> NDArray[np.float64]:
    """Degree and hetero degree of each segment [S, 2]; the FAZ counts as a region."""
    degree = np.bincount(relations["vv"][0].ravel(), minlength=segments)
    hetero = np.bincount(relations["vi"][0][0], minlength=segments)
    return np.stack([degree, hetero], axis=1).astype(np.float64)


def _area_degrees(
    edges: Mapping[str, Relation], areas: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degree and hetero degree of each area [A, 2] and of the FAZ [1, 2]."""
    degree = np.bincount(edges["ii"][0].ravel(), minlength=areas)
    hetero = np.bincount(edges["vi"][0][1], minlength=areas)
    faz = [[edges["if"][0].shape[1], edges["vf"][0].shape[1]]]
    return np.stack([degree, hetero], axis=1).astype(np.float64), np.array(faz, dtype=np.float64)


def _face_ica(found: Faces, areas: _Areas) -> NDArray[np.int64]:
    row_of_label = np.full(areas.count + 1, NO_ICA, dtype=np.int64)
    rows = areas.rows_without_faz()
    row_of_label[rows + 1] = np.arange(len(rows))
    if areas.faz.label:
        row_of_label[areas.faz.label] = IS_FAZ
    return row_of_label[match_faces(found, areas.label)]


def _segment_of_pixel(graph: SkeletonGraph, mask: BoolImage) -> NDArray[np.int32]:
    """Segment id + 1 of each assigned pixel, 0 elsewhere [H, W]."""
    point = assign_pixels(graph, mask)
    segment = np.repeat(np.arange(graph.num_segments), np.diff(graph.point_ptr)) + 1
    return np.append(segment, 0)[point].astype(np.int32)


def _warnings(vessels: BoolImage, excluded: BoolImage, graph: SkeletonGraph) -> tuple[str, ...]:
    if not vessels.any():
        return ("EMPTY_MASK",)
    if vessels.all():
        return ("FULL_MASK",)
    density = np.count_nonzero(vessels) / np.count_nonzero(~excluded)
    codes = []
    if not 0.01 <= density <= 0.90:
        codes.append("DENSITY_SUSPECT")
    if not graph.num_segments:
        codes.append("NO_SEGMENTS")
    return tuple(codes)
