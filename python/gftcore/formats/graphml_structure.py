# SPDX-License-Identifier: Apache-2.0
"""What of GraphML has no place in one graph, and would be lost without a word."""

from __future__ import annotations

from xml.parsers import expat

from gftcore.errors import FormatError

__all__ = ["require_one_graph"]


def require_one_graph(text: str) -> None:
    """Check that a file holds one graph, none within it, and the nodes of all its edges.

    Raises
    ------
    FormatError
        If not.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.Parse(text, True)
    missing = reader.ends - reader.nodes
    if missing:
        raise FormatError(f"has an edge with the node {min(missing)!r:.60}, which it has not")


class _Reader:
    """Names of nodes, and of the ends of edges."""

    def __init__(self) -> None:
        self.nodes: set[str] = set()
        self.ends: set[str] = set()
        self._graphs = 0
        self._names: dict[str, str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._names is None:  # elements of other programs have other namespaces
            space = name.rpartition(" ")[0]
            kinds = ("graph", "node", "edge")
            self._names = {f"{space} {kind}".lstrip(): kind for kind in kinds}
        kind = self._names.get(name)
        if kind == "node":
            self.nodes.add(attributes.get("id", ""))
        elif kind == "edge":
            self.ends.update((attributes.get("source", ""), attributes.get("target", "")))
        elif kind == "graph":
            self._graphs += 1
            if self._graphs > 1:
                raise FormatError("has more than one graph, or a graph within a node")
