# SPDX-License-Identifier: Apache-2.0
"""A page that lists many eyes, in several orders without a script."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gftcore._validation import describe, require_iterator
from gftcore.errors import ArgumentError, ArgumentTypeError
from gftcore.io import provenance
from gftcore.report.render import relative_href, rendered, require_notice
from gftcore.report.words import EYES

if TYPE_CHECKING:
    from gftcore import tabulation

__all__ = ["INDEX_SCHEMA", "IndexCase", "IndexFailure", "index_page"]

INDEX_SCHEMA = "gftcore-index/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexCase:
    """One row of an index. Validated when made.

    Parameters
    ----------
    href
        Path of the eye's page, relative to the index, with ``/`` between folders.
    name
        What the eye is called; never a patient's identifier.
    eye
        ``OD``, ``OS`` or ``unknown``.
    prediction, probabilities
        The answer, and the probability of each class in the network's order: the last one is the
        worst stage.
    label
        The true class, where one is known.
    warnings
        Codes.
    """

    href: str
    name: str
    eye: str
    prediction: str
    probabilities: Mapping[str, float]
    label: str | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        relative_href(self.href, "href")
        if not self.probabilities:
            raise ArgumentError("probabilities must map each class to a number, got none")

    @staticmethod
    def of(table: tabulation.Table, href: str) -> IndexCase:
        """Return the row of a table whose page is at ``href``."""
        return IndexCase(
            href=href,
            name=table.image.id,
            eye=table.image.eye,
            prediction=table.prediction,
            probabilities=table.probabilities,
            label=table.label,
            warnings=table.warnings,
        )

    @property
    def link(self) -> str:
        """The path as a link."""
        return relative_href(self.href, "href")

    @property
    def surest(self) -> float:
        """The highest probability."""
        return max(self.probabilities.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFailure:
    """An image that gave no page: its name, a code and what went wrong."""

    name: str
    code: str
    message: str


def index_page(
    cases: Iterable[IndexCase],
    *,
    notice: str,
    failures: Iterable[IndexFailure] = (),
    model: str = "",
) -> str:
    """Return an HTML page that lists eyes, by falling probability of the worst stage.

    A reader can choose other orders: by name, by how sure the network is, by the answer, and by
    the probability of each other class. All orders are in the page and a style shows one of them,
    so it needs no script.

    Parameters
    ----------
    cases
        The eyes, all with the same classes.
    notice
        What has to stand on the page, see `case_page`.
    failures
        Images that gave no page.
    model
        A line about the network, see `model_line`.

    Raises
    ------
    ArgumentError
        If the classes differ, or the notice lacks something.

    Examples
    --------
    >>> shares = {"Healthy": 0.2, "PDR": 0.8}
    >>> one = IndexCase(
    ...     href="a.html", name="a", eye="OS", prediction="PDR", probabilities=shares
    ... )
    >>> "a.html" in index_page([one], notice="Not a medical device.")
    True
    """
    rows = list(require_iterator(cases, "cases", "a sequence of IndexCase"))
    lost = list(require_iterator(failures, "failures", "a sequence of IndexFailure"))
    for values, kind, name in ((rows, IndexCase, "cases"), (lost, IndexFailure, "failures")):
        for one in values:
            if not isinstance(one, kind):
                raise ArgumentTypeError(f"{name} must be of {kind.__name__}, got {describe(one)}")
    classes = list(rows[0].probabilities) if rows else []
    for one in rows:
        if list(one.probabilities) != classes:
            raise ArgumentError(
                f"cases must have the same classes, got {', '.join(classes):.80} and "
                f"{', '.join(one.probabilities):.80}"
            )
    made = provenance(INDEX_SCHEMA)
    return rendered(
        "index.html",
        title=f"OCTA reports of {len(rows)} eyes",
        notice=require_notice(notice),
        model=model,
        classes=classes,
        labelled=any(one.label is not None for one in rows),
        eyes=EYES,
        count=len(rows),
        orders=_orders(rows, classes),
        answers=[(name, sum(one.prediction == name for one in rows)) for name in classes],
        failures=sorted(lost, key=lambda one: (one.name, one.code, one.message)),
        origin=f"{made['schema']} of gftcore {made['gftcore']}",
    )


def _orders(rows: list[IndexCase], classes: list[str]) -> list[tuple[str, list[IndexCase]]]:
    """Words and rows of each order; of equals, the name decides."""
    named = sorted(rows, key=lambda one: (one.name, one.href))
    falling: list[tuple[str, Callable[[IndexCase], Any]]] = [
        (f"highest probability of {name}", _share_of(name)) for name in reversed(classes)
    ]
    falling.insert(1, ("least sure first", lambda one: one.surest))
    places = {name: place for place, name in enumerate(classes)}
    falling.append(("answer, worst first", lambda one: -places.get(one.prediction, -1)))
    out = [(words, sorted(named, key=key)) for words, key in falling]
    return [*out, ("name", named)]


def _share_of(name: str) -> Callable[[IndexCase], float]:
    def key(one: IndexCase) -> float:
        value = one.probabilities[name]
        return -value if math.isfinite(value) else math.inf

    return key
