# SPDX-License-Identifier: Apache-2.0
"""Small eyes with tables and sentences for pages, and a strict reader of pages."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from drawn_eyes import drawn_image, untrained
from gftcore import graph
from gftcore.attribution import MAP_KEEP, Attribution, integrated_gradients, select
from gftcore.graph import HeteroGraph
from gftcore.report import case_page
from gftcore.tabulation import Table, make_table

NOTICE = "Not a medical device; not for clinical use. Trained on synthetic images."
#: What nobody may manage to plant into a page.
EVIL = """</title></style></svg><script>document.title='HIT'</script><img src=x onerror="x()">'"&"""

_VOID = {"br", "hr", "img", "input", "link", "meta"}


@dataclass(frozen=True)
class Text:
    """A sentence as pages take it."""

    text: str
    evidence: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Eye:
    """Everything that a page is made of."""

    image: Any
    graph: HeteroGraph
    attribution: Attribution
    table: Table
    sentences: tuple[Text, ...]

    def page(self, **changes: Any) -> str:
        given = {"table": self.table, "sentences": self.sentences, "graph": self.graph}
        given |= {"image": self.image, "attribution": self.attribution}
        return case_page(**(given | changes))


@functools.cache
def small_eye(seed: int = 1, eye: str = "OD") -> Eye:
    """One eye of 96 x 96 px and what an untrained network says of it."""
    image, network = drawn_image(seed), untrained(grey=True)
    found = graph.extract_image(image, graph.ExtractConfig(eye=eye), keep=MAP_KEEP)
    (why,) = integrated_gradients(network, [found], of="both")
    picked = select(why, found, network, nodes=5, edges=4)
    table = make_table(
        found,
        why,
        picked,
        probabilities=why.probabilities,
        config_hash=network.config.hash,
        image_id="an eye",
        sha256="0123456789abcdef" * 4,
        notice=NOTICE,
    )
    first, second = ((row.type, row.id) for row in table.nodes[:2])
    unlisted = next(i for i in range(99) if ("ica", i) not in {(n.type, n.id) for n in table.nodes})
    edge = table.edges[0]
    sentences = (
        Text("Nothing in particular."),
        Text("Two of the best.", (first, second, first)),
        Text("One that no table lists.", (("ica", unlisted),)),
        Text("An edge.", ((edge.relation, edge.id),)),
    )
    return Eye(image, found, why, table, sentences)


@dataclass
class Page(HTMLParser):
    """Elements of a page; what is not closed in its place raises."""

    text: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> is in the wrong place"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.tags if "id" in attrs]

    @property
    def links(self) -> list[str]:
        return [attrs["href"] for name, attrs in self.tags if name in ("a", "use")]

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.words).split())
