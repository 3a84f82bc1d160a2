# SPDX-License-Identifier: Apache-2.0
"""Images of a manifest to graphs, extracted once and kept on disk."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gftcore._validation import describe, require_choice
from gftcore.config import require_fields
from gftcore.datasets.check import require_manifest
from gftcore.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    GftcoreError,
    GftcoreWarning,
)
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
from gftcore.graph.inputs import require_keep
from gftcore.io import file_sha256, is_mask, read_image
from gftcore.io.images import CHANNELS, MAX_PIXELS
from gftcore.segmentation import SegmentConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.datasets.manifest import Manifest
    from gftcore.datasets.records import Record
    from gftcore.io.images import Channel

__all__ = ["GraphSource", "have_grey_values", "manifest_graphs"]


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

    extract: ExtractConfig = field(default_factory=ExtractConfig)
    seg: SegmentConfig = field(default_factory=SegmentConfig)
    channel: Channel | None = None
    max_pixels: int = MAX_PIXELS

    def config(self, record: Record) -> ExtractConfig:
        """Return the settings for one record."""
        fov = self.extract.fov_mm if record.fov_mm is None else record.fov_mm
        eye = self.extract.eye if record.eye == "unknown" else record.eye
        return self.extract.replace(fov_mm=fov, eye=eye)

    def read(self, file: str | Path) -> NDArray[Any]:
        """Read the pixels of a file."""
        return read_image(file, channel=self.channel, max_pixels=self.max_pixels)

    @staticmethod
    def item(pixels: NDArray[Any], *, mask: bool = False, name: str = "") -> BatchItem:
        """Return pixels as what a graph is made of: a mask if told or if they are one."""
        if mask or is_mask(pixels):
            return BatchItem(mask=pixels, name=name)
        return BatchItem(image=pixels, name=name)

    def origin(self, digest: str) -> dict[str, str]:
        """Return what a graph says of its file, whose SHA-256 is given."""
        out = {"sha256": digest}
        if self.channel is not None:
            out["channel"] = self.channel
        return out

    def to_dict(self) -> dict[str, object]:
        """Return the settings as plain JSON values."""
        return {
            "extract": self.extract.to_dict(),
            "seg": self.seg.to_dict(),
            "channel": self.channel,
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> GraphSource:
        """Build it from `to_dict`; settings that are left out have their defaults.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a setting is unknown or invalid.

        Examples
        --------
        >>> source = GraphSource(extract=ExtractConfig(fov_mm=6.0))
        >>> GraphSource.from_dict(source.to_dict()) == source
        True
        """
        if not isinstance(values, Mapping):
            raise ArgumentTypeError(f"source must be an object, got {describe(values)}")
        for name in values:
            require_choice(name, ("extract", "seg", "channel"), "source")
        parts: dict[str, Mapping[str, Any]] = {}
        for name, kind in (("extract", ExtractConfig), ("seg", SegmentConfig)):
            part = values.get(name, {})
            if not isinstance(part, Mapping):
                raise ArgumentTypeError(f"source {name} must be an object, got {describe(part)}")
            require_fields(kind(), part)
            parts[name] = part
        channel = values.get("channel")
        if channel is not None:
            require_choice(channel, CHANNELS, "source channel")
        return GraphSource(
            extract=ExtractConfig(**parts["extract"]),
            seg=SegmentConfig(**parts["seg"]),
            channel=channel,
        )


def manifest_graphs(
    manifest: Manifest,
    source: GraphSource | None = None,
    *,
    cache: Path | None = None,
    write: bool = True,
    threads: int | None = None,
    keep: Iterable[str] = (),
) -> Iterator[tuple[Record, HeteroGraph]]:
    """Yield record and graph of all images of a manifest, in any order.

    A graph is made from the image, as `gftcore.graph.extract_image` makes it; from the mask only
    where the manifest gives no image, or where the image file is a mask.

    Parameters
    ----------
    manifest
        From `read_manifest`.
    source
        How images become graphs; None means the defaults.
    cache
        Folder of graphs. One that is there counts if it was made from the same bytes with the same
        settings. None keeps nothing.
    write
        Whether new graphs are kept in the cache.
    threads
        Number of images that are extracted at once.
    keep
        Images that each graph keeps, as for `gftcore.graph.extract`. Not with a cache, which has
        none.

    Raises
    ------
    FormatError
        At the end, if there are images that cannot be read; it names the rows.
    """
    names = require_keep(keep, from_mask=True)
    if names and cache is not None:
        raise ArgumentError("keep must be empty for graphs of a cache, which keep no images")
    require_manifest(manifest)
    return _graphs(manifest, cache, source or GraphSource(), threads, write, names)


def have_grey_values(
    manifest: Manifest, kinds: Mapping[str, str], learned: Iterable[str] | None = None
) -> bool:
    """Return whether all images have grey values that models learn from.

    Parameters
    ----------
    manifest
        From `read_manifest`.
    kinds
        Id to ``image`` or ``mask``: what its graph was made from.
    learned
        Ids of the images that models learn from or are chosen by; None means all.

    Raises
    ------
    FormatError
        If they have, but another image has not; it names the row.

    Warns
    -----
    GftcoreWarning
        ``GREY_VALUES_UNUSED`` if only some of them have.
    """
    own = {record.id for record in manifest} if learned is None else set(learned)
    each = zip(manifest, manifest.rows, strict=True)
    masks = [(record.id in own, row) for record, row in each if kinds[record.id] == "mask"]
    lacking = [row for learns, row in masks if learns]
    if lacking:
        if len(lacking) < len(own):
            text = (
                f"GREY_VALUES_UNUSED: {len(lacking)} of {len(own)} images to learn from are masks, "
                f"the first in row {lacking[0]}; no model reads grey values"
            )
            warnings.warn(text, GftcoreWarning, stacklevel=3)
        return False
    if masks:
        raise FormatError(
            f"{len(masks)} images to test on are masks, the first in row {masks[0][1]}: they have "
            "no grey values, which the models learn from"
        )
    return True


def _graphs(
    manifest: Manifest,
    cache: Path | None,
    source: GraphSource,
    threads: int | None,
    write: bool,
    keep: tuple[str, ...],
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
        graph = None
        if cache is not None:
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
            errors: dict[str, str] = {}
            items = _items(manifest, records, source, errors)
            results = extract_batch(items, config, seg=source.seg, threads=threads, keep=keep)
            for result in results:
                record = next(done)
                if isinstance(result, ExtractFailure):
                    failed.append((rows[record.id], errors.get(record.id, result.message)))
                    continue
                graph = result.with_source(**source.origin(digests[record.id]))
                if cache is not None and write:
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


def _cached(path: Path, digest: str, source: GraphSource, record: Record) -> HeteroGraph | None:
    if not os.path.lexists(path):
        return None
    try:
        graph = load(path)
    except (GftcoreError, OSError):
        return None
    kind = graph.meta.source.get("kind")
    settings = run_settings(source.config(record), source.seg if kind == "image" else None)
    same = dict(graph.meta.source) == {"kind": kind, **source.origin(digest)}
    return graph if same and graph.meta.config_hash == settings_hash(settings) else None


def _items(
    manifest: Manifest, records: Sequence[Record], source: GraphSource, errors: dict[str, str]
) -> Iterator[BatchItem]:
    for record in records:
        file = _file(manifest, record)
        try:
            pixels = source.read(file)
        except (GftcoreError, OSError) as error:
            errors[record.id] = str(error)
            yield BatchItem()  # without pixels it fails by itself
            continue
        yield source.item(pixels, mask=record.path is None)
