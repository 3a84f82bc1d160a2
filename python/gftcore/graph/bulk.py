# SPDX-License-Identifier: Apache-2.0
"""Many images to graphs, in native threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gftcore import errors
from gftcore._native import core
from gftcore._validation import require_choice, require_iterator
from gftcore.errors import ArgumentError, GftcoreError
from gftcore.graph.assemble import assemble
from gftcore.graph.inputs import (
    CoreInput,
    core_options,
    image_input,
    mask_input,
    require_config,
    require_keep,
    require_seg,
)
from gftcore.processors import thread_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gftcore.graph.config import ExtractConfig
    from gftcore.graph.hetero_graph import HeteroGraph
    from gftcore.segmentation import SegmentConfig

__all__ = ["BatchItem", "ExtractFailure", "extract_batch"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchItem:
    """One image of a batch: either a mask or a raw image, and what belongs to it.

    Attributes
    ----------
    mask, image
        Exactly one of them.
    threshold, intensity
        As for `extract`; masks only.
    exclude, faz_mask
        As for `extract`.
    name
        Free text that an `ExtractFailure` repeats.
    """

    mask: ArrayLike | None = None
    image: ArrayLike | None = None
    threshold: float | None = None
    intensity: ArrayLike | None = None
    exclude: ArrayLike | Iterable[Sequence[int]] | None = None
    faz_mask: ArrayLike | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ExtractFailure:
    """Why an item of a batch has no graph.

    Attributes
    ----------
    index
        Position of the item in the input.
    code
        Stable short name: the ``code`` of the error that `extract` raises for this image, for
        example ``SHAPE``; ``MemoryError`` if there is not enough memory.
    message
        What is wrong.
    name
        Name of the item, if it had one.
    """

    index: int
    code: str
    message: str
    name: str = ""


def extract_batch(
    items: Iterable[ArrayLike | BatchItem],
    config: ExtractConfig | None = None,
    *,
    seg: SegmentConfig | None = None,
    threads: int | None = None,
    keep: Iterable[str] = (),
    on_error: Literal["record", "raise"] = "record",
) -> Iterator[HeteroGraph | ExtractFailure]:
    """Extract the graphs of many images, in the order of the input.

    Parameters
    ----------
    items
        Masks [H, W], or `BatchItem` objects; read one by one, at most ``2 * threads`` ahead, so
        that memory stays bounded however many there are. An error that it raises comes after the
        results of all items before.
    config, seg, keep
        As for `extract` and `extract_image`, for all items.
    threads
        Number of threads, one image each; None means one per usable processor.
    on_error
        ``record`` turns a bad item into an `ExtractFailure` and goes on; ``raise`` stops there.

    Yields
    ------
    HeteroGraph or ExtractFailure
        One result per item. The graphs equal those of `extract`, for any number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> bar = np.zeros((32, 32), dtype=bool)
    >>> bar[15:18] = True
    >>> results = list(extract_batch([bar, np.zeros((2, 2, 2), dtype=bool), bar.T], threads=2))
    >>> [type(result).__name__ for result in results]
    ['HeteroGraph', 'ExtractFailure', 'HeteroGraph']
    """
    settings = require_config(config)
    segmentation = require_seg(seg)
    names = require_keep(keep, from_mask=False)
    require_choice(on_error, ("record", "raise"), "on_error")
    count = thread_count(threads)
    each = require_iterator(items, "items", "an iterable of masks or BatchItem")
    return _run(each, settings, segmentation, count, names, on_error == "raise")


@dataclass(frozen=True, slots=True)
class _Ticket:
    """An item on its way: in the core, or failed already."""

    index: int
    name: str
    from_image: bool = False
    failure: GftcoreError | MemoryError | None = None


def _run(
    items: Iterable[ArrayLike | BatchItem],
    config: ExtractConfig,
    seg: SegmentConfig,
    threads: int,
    keep: tuple[str, ...],
    stop: bool,
) -> Iterator[HeteroGraph | ExtractFailure]:
    extractor = core.BatchExtractor(core_options(config), seg.to_dict(), threads)
    tickets: deque[_Ticket] = deque()

    def result() -> HeteroGraph | ExtractFailure:
        ticket = tickets.popleft()
        if ticket.failure is not None:
            if stop:
                raise ticket.failure
            return _failed(ticket, ticket.failure)
        outcome = extractor.next()
        if isinstance(outcome, tuple):
            error = _as_error(*outcome)
            if stop:
                raise error
            return _failed(ticket, error)
        return assemble(outcome, config, seg=seg if ticket.from_image else None, stacklevel=4)

    broken: Exception | None = None
    try:
        source = enumerate(items)
        while True:
            try:
                index, item = next(source)
            except StopIteration:
                break
            except Exception as error:  # of the caller's iterator; what it gave is not lost
                broken = error
                break
            if len(tickets) >= 2 * threads:
                yield result()
            tickets.append(_submit(extractor, index, item, config, seg, keep))
            # A failure ends the run before more input is read.
            if stop and tickets[-1].failure is not None:
                break
        while tickets:
            yield result()
        if broken is not None:
            raise broken
    finally:
        extractor.close()


def _submit(
    extractor: Any,
    index: int,
    item: ArrayLike | BatchItem,
    config: ExtractConfig,
    seg: SegmentConfig,
    keep: tuple[str, ...],
) -> _Ticket:
    known = item if isinstance(item, BatchItem) else BatchItem(mask=item)
    try:
        given = _private(_validated(known, config, seg))
        names = [name for name in keep if name != "ridge" or given.image is not None]
        extractor.submit(
            given.mask, given.image, given.intensity, given.excluded, given.faz_mask, names
        )
    except (GftcoreError, MemoryError) as error:
        return _Ticket(index, known.name, failure=error)
    return _Ticket(index, known.name, from_image=given.image is not None)


def _validated(item: BatchItem, config: ExtractConfig, seg: SegmentConfig) -> CoreInput:
    if (item.mask is None) == (item.image is None):
        raise ArgumentError("an item must have either a mask or an image")
    if item.image is not None:
        if item.threshold is not None or item.intensity is not None:
            raise ArgumentError("threshold and intensity belong to masks, not to raw images")
        given = image_input(item.image, config, seg, exclude=item.exclude, faz_mask=item.faz_mask)
    else:
        assert item.mask is not None
        given = mask_input(
            item.mask,
            config,
            threshold=item.threshold,
            intensity=item.intensity,
            exclude=item.exclude,
            faz_mask=item.faz_mask,
        )
    return given


def _private(given: CoreInput) -> CoreInput:
    """Copy the arrays: a caller may refill one buffer while native threads still read it."""
    arrays = (getattr(given, name) for name in CoreInput.__slots__)
    return CoreInput(*(None if array is None else array.copy() for array in arrays))


def _failed(ticket: _Ticket, error: GftcoreError | MemoryError) -> ExtractFailure:
    if isinstance(error, MemoryError):
        message = str(error) or "not enough memory"
        return ExtractFailure(ticket.index, "MemoryError", message, ticket.name)
    return ExtractFailure(ticket.index, error.code, str(error), ticket.name)


def _as_error(code: str, message: str) -> GftcoreError | MemoryError:
    """Return the error that `extract` raises for what a native thread reported."""
    classes: dict[str, type[GftcoreError | MemoryError]] = {
        "ShapeError": errors.ShapeError,
        "ArgumentError": errors.ArgumentError,
        "UnavailableError": errors.UnavailableError,
        "MemoryError": MemoryError,
    }
    return classes.get(code, GftcoreError)(message)
