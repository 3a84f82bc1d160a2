# SPDX-License-Identifier: Apache-2.0
"""Images of a manifest to graphs, extracted once and kept on disk."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gftcore.errors import FormatError, GftcoreError, GftcoreWarning
from gftcore.graph import (
    BatchItem,
    ExtractConfig,
    ExtractFailure,
    HeteroGraph,
    extract_batch,
    load,
    save,
)
from gftcore.graph.assemble import run_settings, settings_hash
from gftcore.io import file_sha256, is_mask, read_image
from gftcore.io.images import MAX_PIXELS
from gftcore.nn.batches import RawGraph, raw_graph
from gftcore.nn.features import MODEL_COLUMNS, common_columns
from gftcore.segmentation import SegmentConfig

if TYPE_CHECKING:
    from gftcore.datasets import Manifest, Record
    from gftcore.io.images import Channel

__all__ = ["GraphSource", "LabelledGraphs", "read_graphs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSource:
    """How images become graphs.

    Attributes
    ----------
    extract, seg
        Settings; ``fov_mm`` and ``eye`` of a record win where the manifest has them.
    channel, max_pixels
        As for `gftcore.io.read_image`.
    """

    extract: ExtractConfig = ExtractConfig()
    seg: SegmentConfig = SegmentConfig()
    channel: Channel | None = None
    max_pixels: int = MAX_PIXELS

    def config(self, record: Record) -> ExtractConfig:
        """Return the settings for one record."""
        fov = self.extract.fov_mm if record.fov_mm is None else record.fov_mm
        eye = self.extract.eye if record.eye == "unknown" else record.eye
        return self.extract.replace(fov_mm=fov, eye=eye)

    def to_dict(self) -> dict[str, object]:
        """Return the settings as plain JSON values."""
        return {
            "extract": self.extract.to_dict(),
            "seg": self.seg.to_dict(),
            "channel": self.channel,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledGraphs:
    """Graphs of a manifest as training reads them.

    Attributes
    ----------
    ids
        Of the images.
    labels
        Place of each one's class in `classes`.
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
    """

    ids: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    graphs: tuple[RawGraph, ...]
    kinds: tuple[str, ...]
    sha256: str

    def places(self, ids: Sequence[str]) -> list[int]:
        """Return where the images of some ids stand."""
        place = {name: i for i, name in enumerate(self.ids)}
        return [place[name] for name in ids]


def read_graphs(
    manifest: Manifest,
    cache: Path,
    source: GraphSource | None = None,
    *,
    threads: int | None = None,
    write: bool = True,
    step: Callable[[], None] | None = None,
) -> LabelledGraphs:
    """Return the graphs of all images of a manifest; those that are not in the cache are extracted.

    A graph is made from the image, exactly as staging makes it; from the mask only where the
    manifest gives no image, or where the image file is a mask. Columns are those of
    `MODEL_COLUMNS` that all graphs have, so that one mask among them drops the intensities.

    Parameters
    ----------
    manifest
        From `gftcore.datasets.read_manifest`.
    cache
        Folder of the graphs. A graph there counts if it was made from the same bytes with the same
        settings.
    source
        How images become graphs; None means the defaults.
    threads
        Number of images that are extracted at once.
    write
        Whether new graphs are kept in the cache.
    step
        Called after each image.

    Raises
    ------
    FormatError
        If there are images that cannot be read; it names the rows.
    """
    source = source or GraphSource()
    found: dict[str, RawGraph] = {}
    digests: dict[str, str] = {}
    kinds: dict[str, str] = {}
    lacking = {name: set(columns) for name, columns in MODEL_COLUMNS.items()}
    widest: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for record, graph in _graphs(manifest, cache, source, threads, write):
        columns = common_columns([graph])
        for name, there in columns.items():
            lacking[name] &= set(there)
        found[record.id], widest[record.id] = raw_graph(graph, columns), columns
        kinds[record.id] = graph.meta.source["kind"]
        digests[record.id] = f"{graph.meta.source['sha256']} {graph.meta.config_hash}"
        if step is not None:
            step()
    common = {
        name: tuple(c for c in columns if c in lacking[name])
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
    return RawGraph(x, graph.csr)


def _graphs(
    manifest: Manifest, cache: Path, source: GraphSource, threads: int | None, write: bool
) -> Iterator[tuple[Record, HeteroGraph]]:
    """Yield all graphs, those of the cache first; raise at the end for those that failed."""
    waiting: dict[ExtractConfig, list[Record]] = defaultdict(list)
    digests: dict[str, str] = {}
    rows = dict(zip((record.id for record in manifest), manifest.rows, strict=True))
    failed: list[tuple[int, str]] = []
    for record in manifest:
        try:
            digests[record.id] = file_sha256(_file(manifest, record))
        except (GftcoreError, OSError) as error:
            failed.append((rows[record.id], str(error)))
            continue
        graph = _cached(_place(cache, record), digests[record.id], source, record)
        if graph is not None:
            yield record, graph
        else:
            waiting[source.config(record)].append(record)
    for config, records in waiting.items():
        done = iter(records)
        with warnings.catch_warnings():
            # Staging warns of the image at hand; of a whole data set that would be hundreds.
            warnings.simplefilter("ignore", GftcoreWarning)
            items = _items(manifest, records, source)
            for result in extract_batch(items, config, seg=source.seg, threads=threads):
                record = next(done)
                if isinstance(result, ExtractFailure):
                    failed.append((rows[record.id], result.message))
                    continue
                graph = result.with_source(**_origin(digests[record.id], source))
                if write:
                    save(graph, _place(cache, record))
                yield record, graph
    if failed:
        row, message = min(failed)
        raise FormatError(f"{len(failed)} images cannot be read, the first in row {row}: {message}")


def _file(manifest: Manifest, record: Record) -> Path:
    file = manifest.image_path(record) or manifest.mask_path(record)
    assert file is not None
    return file


def _place(cache: Path, record: Record) -> Path:
    # The id is a relative path without "..".
    return cache / f"{record.id}.npz"


def _origin(digest: str, source: GraphSource) -> dict[str, str]:
    out = {"sha256": digest}
    if source.channel is not None:
        out["channel"] = source.channel
    return out


def _cached(path: Path, digest: str, source: GraphSource, record: Record) -> HeteroGraph | None:
    if not os.path.lexists(path):
        return None
    try:
        graph = load(path)
    except (GftcoreError, OSError):
        return None
    kind = graph.meta.source.get("kind")
    settings = run_settings(source.config(record), source.seg if kind == "image" else None)
    same = dict(graph.meta.source) == {"kind": kind, **_origin(digest, source)}
    return graph if same and graph.meta.config_hash == settings_hash(settings) else None


def _items(
    manifest: Manifest, records: Sequence[Record], source: GraphSource
) -> Iterator[BatchItem]:
    for record in records:
        file = _file(manifest, record)
        try:
            pixels = read_image(file, channel=source.channel, max_pixels=source.max_pixels)
        except (GftcoreError, OSError) as error:
            yield BatchItem(name=str(error))  # an item without pixels fails by itself
            continue
        if record.path is None or is_mask(pixels):
            yield BatchItem(mask=pixels)
        else:
            yield BatchItem(image=pixels)
