# SPDX-License-Identifier: Apache-2.0
"""Graphs of a manifest as training reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore.datasets.graphs import GraphSource, have_grey_values, manifest_graphs
from gftcore.nn.batches import RawGraph, raw_graph
from gftcore.nn.features import MODEL_COLUMNS, common_columns

if TYPE_CHECKING:
    from gftcore.datasets import Manifest

__all__ = ["LabelledGraphs", "read_graphs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledGraphs:
    """Graphs of a manifest as training reads them.

    Attributes
    ----------
    ids
        Of the images.
    labels
        Place of each one's class in the attribute ``classes``.
    classes
        Names of the classes.
    columns
        Node type to the names of the feature columns.
    graphs
        One per image.
    kinds
        ``image`` or ``mask``: what each one was made from.
    sha256
        Of all inputs, labels and settings.
    shapes, fovs_mm
        Rows and columns of each one's mask, and the length of its longer side in mm.
    source
        How images became graphs, plain values.
    """

    ids: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    graphs: tuple[RawGraph, ...]
    kinds: tuple[str, ...]
    sha256: str
    shapes: tuple[tuple[int, int], ...] = ()
    fovs_mm: tuple[float, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict)

    def places(self, ids: Sequence[str]) -> list[int]:
        """Return where the images of some ids stand."""
        place = {name: i for i, name in enumerate(self.ids)}
        return [place[name] for name in ids]

    def made_from(self, places: Sequence[int]) -> dict[str, Any]:
        """Return what some of the graphs were made from, so that staging can compare and repeat it.

        Kinds of inputs, settings, and the least and greatest number of rows and columns of the
        masks and length of their longer side in mm.
        """
        out: dict[str, Any] = {"inputs": sorted({self.kinds[place] for place in places})}
        if self.source:
            out["source"] = dict(self.source)
        if self.shapes:
            rows, cols = zip(*(self.shapes[place] for place in places), strict=True)
            fovs = [self.fovs_mm[place] for place in places]
            for name, values in (("rows", rows), ("cols", cols), ("fov_mm", fovs)):
                out[name] = [min(values), max(values)]
        return out


def read_graphs(
    manifest: Manifest,
    cache: Path,
    source: GraphSource | None = None,
    *,
    learned: Iterable[str] | None = None,
    threads: int | None = None,
    write: bool = True,
    step: Callable[[], None] | None = None,
) -> LabelledGraphs:
    """Return the graphs of all images of a manifest; those that are not in the cache are extracted.

    A graph is made from the image, exactly as staging makes it; from the mask only where the
    manifest gives no image, or where the image file is a mask. Columns are those of
    `MODEL_COLUMNS`, without the intensities if one of the images to learn from is a mask.

    Parameters
    ----------
    manifest
        From `gftcore.datasets.read_manifest`.
    cache
        Folder of the graphs. A graph there counts if it was made from the same bytes with the same
        settings.
    source
        How images become graphs; None means the defaults.
    learned
        Ids of the images that networks learn from or are chosen by; None means all.
    threads
        Number of images that are extracted at once.
    write
        Whether new graphs are kept in the cache.
    step
        Called after each image.

    Raises
    ------
    FormatError
        If there are images that cannot be read, or masks to test on where networks learn from
        intensities; it names the rows.

    Warns
    -----
    GftcoreWarning
        ``GREY_VALUES_UNUSED`` if some of the images to learn from, but not all, are masks.
    """
    found: dict[str, RawGraph] = {}
    digests: dict[str, str] = {}
    kinds: dict[str, str] = {}
    shapes: dict[str, tuple[int, int]] = {}
    fovs: dict[str, float] = {}
    widest: dict[str, Mapping[str, tuple[str, ...]]] = {}
    graphs = manifest_graphs(manifest, source, cache=cache, write=write, threads=threads)
    for record, graph in graphs:
        columns = common_columns([graph])
        found[record.id], widest[record.id] = raw_graph(graph, columns), columns
        kinds[record.id] = graph.meta.source["kind"]
        shapes[record.id], fovs[record.id] = graph.meta.shape, graph.meta.fov_mm
        digests[record.id] = f"{graph.meta.source['sha256']} {graph.meta.config_hash}"
        if step is not None:
            step()
    grey = have_grey_values(manifest, kinds, learned)
    common = {
        name: tuple(column for column in columns if grey or "intensity" not in column)
        for name, columns in MODEL_COLUMNS.items()
    }
    ids = tuple(record.id for record in manifest)
    lines = [f"{r.id}\t{r.label}\t{digests[r.id]}\n" for r in manifest]
    return LabelledGraphs(
        ids=ids,
        labels=tuple(manifest.classes.index(record.label) for record in manifest),
        classes=manifest.classes,
        columns=common,
        graphs=tuple(_narrowed(found[name], widest[name], common) for name in ids),
        kinds=tuple(kinds[name] for name in ids),
        sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
        shapes=tuple(shapes[name] for name in ids),
        fovs_mm=tuple(fovs[name] for name in ids),
        source=(source or GraphSource()).to_dict(),
    )


def _narrowed(
    graph: RawGraph, there: Mapping[str, tuple[str, ...]], wanted: Mapping[str, tuple[str, ...]]
) -> RawGraph:
    if all(there[name] == wanted[name] for name in wanted):
        return graph
    x = {
        name: graph.x[name][:, [there[name].index(column) for column in columns]]
        for name, columns in wanted.items()
    }
    return RawGraph(x, graph.csr, graph.positions)
