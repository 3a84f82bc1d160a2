# SPDX-License-Identifier: Apache-2.0
"""From the core's dict of arrays to a `HeteroGraph`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gftcore import __version__
from gftcore._native import core
from gftcore.config import canonical_json
from gftcore.errors import GftcoreWarning
from gftcore.graph.hetero_graph import RELATIONS, FazInfo, GraphMeta, HeteroGraph

if TYPE_CHECKING:
    from gftcore.graph.config import ExtractConfig
    from gftcore.segmentation import SegmentConfig

__all__ = ["ARRAYS", "KEEPS", "WARNINGS", "assemble", "read_only", "run_settings"]
__all__ += ["settings_hash"]

KEEPS = ("mask", "skeleton", "distance", "vessel_label", "ica_label", "face_label", "ridge")

#: Array fields of HeteroGraph: element type and number of columns (0: one-dimensional, None: any).
ARRAYS: Mapping[str, tuple[str, int | None]] = MappingProxyType(
    {
        "node_rowcol": ("float32", 2),
        "node_radius_px": ("float32", 0),
        "node_degree": ("int32", 0),
        "node_pixels": ("int32", 0),
        "node_kind": ("uint8", 0),
        "segment_nodes": ("int64", 2),
        "segment_faces": ("int64", 2),
        "point_ptr": ("int64", 0),
        "point_pixel": ("int32", 2),
        "point_rowcol": ("float32", 2),
        "point_radius_px": ("float32", 0),
        "vessel_x": ("float64", None),
        "ica_x": ("float64", None),
        "ica_label_id": ("int32", 0),
        "ica_bbox": ("int32", 4),
        "ica_touches_border": ("bool", 0),
        "face_ica": ("int64", 0),
        "faz_x": ("float64", None),
    }
)

WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        "EMPTY_MASK": "the mask has no vessel pixel; the graph is empty",
        "FULL_MASK": "the mask has no background pixel; the graph is empty",
        "NO_SEGMENTS": "the mask has vessel pixels but no vessel segment",
        "DENSITY_SUSPECT": "vessels cover less than 1 % or more than 90 % of the image; "
        "is it inverted, or thresholded wrongly?",
    }
)


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array itself, made read-only."""
    array.flags.writeable = False
    return array


def assemble(
    arrays: Mapping[str, Any],
    config: ExtractConfig,
    *,
    seg: SegmentConfig | None,
    stacklevel: int,
) -> HeteroGraph:
    """Wrap what the core returned, and issue its warnings."""
    settings = run_settings(config, seg)
    ica_columns = tuple(arrays["ica_columns"])
    codes = tuple(arrays["warnings"])
    meta = GraphMeta(
        shape=tuple(arrays["shape"]),
        fov_mm=config.fov_mm,
        eye=config.eye,
        config=settings,
        config_hash=settings_hash(settings),
        versions={"gftcore": __version__},
        simd_target=core.simd_target(),
        warnings=codes,
        source={"kind": "mask" if seg is None else "image"},
        stage_seconds=dict(arrays["stage_seconds"]),
    )
    faz_x = arrays["faz_x"].reshape(-1, len(ica_columns))
    area = float(faz_x[0, ica_columns.index("area")]) if len(faz_x) else 0.0
    graph = HeteroGraph(
        **{name: read_only(arrays[name]) for name, (_, cols) in ARRAYS.items() if cols is not None},
        vessel_x=read_only(arrays["vessel_x"].reshape(-1, len(arrays["vessel_columns"]))),
        ica_x=read_only(arrays["ica_x"].reshape(-1, len(ica_columns))),
        faz_x=read_only(faz_x),
        vessel_columns=tuple(arrays["vessel_columns"]),
        ica_columns=ica_columns,
        faz_info=FazInfo(
            label=int(arrays["faz_label"]),
            area_px2=area,
            method=arrays["faz_method"],
            confidence=float(arrays["faz_confidence"]),
        ),
        edges=MappingProxyType({r: read_only(arrays["edges"][r]) for r in RELATIONS}),
        edge_attr=MappingProxyType({r: read_only(arrays["edge_attr"][r]) for r in RELATIONS}),
        meta=meta,
        kept=MappingProxyType({name: read_only(image) for name, image in arrays["kept"].items()}),
    )
    for code in codes:
        message = f"{code}: {WARNINGS.get(code, 'see the documentation')}"
        warnings.warn(message, GftcoreWarning, stacklevel=stacklevel)
    return graph


def run_settings(config: ExtractConfig, seg: SegmentConfig | None) -> dict[str, Any]:
    """All settings of an extraction as plain values; `seg` is None where nothing is segmented."""
    settings = config.to_dict()
    if seg is not None:
        settings["segmentation"] = seg.to_dict()
    return settings


def settings_hash(settings: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of settings: every hash in an output comes from here."""
    import hashlib

    return hashlib.sha256(canonical_json(dict(settings)).encode()).hexdigest()
