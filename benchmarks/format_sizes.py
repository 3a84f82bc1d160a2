# SPDX-License-Identifier: Apache-2.0
"""How large files of graphs are, and how much memory reading them as text takes.

    python benchmarks/format_sizes.py

Inputs come with the package: the demo image and a synthetic eye, both of 304 x 304 px. Memory is
the peak while a file of the synthetic eye is read, in a fresh process, for each byte of its text.
Beside it stands text that was made to take much, which no graph needs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import tempfile
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

from gftcore import attribution, formats, graph, io, synth
from gftcore.errors import FormatError
from peak import peak_of

SEED = 20230216
HOSTILE_BYTES = 16_000_000
BAR = [[0, 0, 0], [1, 1, 1], [0, 0, 0]]

#: Name of a kind of file to what writes it at a stem; all files that begin with the stem count.
WRITERS: dict[str, Callable[[graph.HeteroGraph, Path], object]] = {
    "graph, as `gftcore extract` writes it": lambda g, stem: g.save(f"{stem}.npz"),
    "graph without `kept`": lambda g, stem: bare(g).save(f"{stem}.npz"),
    "CSV": lambda g, stem: formats.write_csv_tables(stem, [("eye", g)]),
    "Parquet": lambda g, stem: formats.write_parquet(stem, [("eye", g)]),
    "JSON": lambda g, stem: formats.write_json(g, f"{stem}.json"),
    "JSON, packed": lambda g, stem: formats.write_json(g, f"{stem}.json.gz"),
    "GraphML": lambda g, stem: formats.write_graphml(g, f"{stem}.graphml"),
    "Voreen's JSON": lambda g, stem: formats.write_voreen(g, f"{stem}.vvg"),
    "Voreen's JSON, packed": lambda g, stem: formats.write_voreen(g, f"{stem}.vvg.gz"),
    "Voreen's tables": formats.write_voreen_csv,
}
READERS: dict[str, Callable[[Path], object]] = {
    "JSON": formats.read_json,
    "GraphML": formats.read_graphml,
    "Voreen's JSON": formats.read_voreen,
}
#: What stands before, in and after text that takes much memory.
HOSTILE = {
    "JSON": ("[", "{},", "{}]"),
    "GraphML": (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph>',
        "<a/>",
        "</graph></graphml>",
    ),
    "Voreen's JSON": ("[", "{},", "{}]"),
}


def bare(found: graph.HeteroGraph) -> graph.HeteroGraph:
    return dataclasses.replace(found, kept={})


def inputs() -> dict[str, graph.HeteroGraph]:
    with resources.as_file(resources.files("gftcore") / "assets" / "demo_octa.png") as sample:
        demo = io.read_image(sample)
    images = {"demo image": demo, "synthetic eye": synth.make_eye(seed=SEED).image}
    return {
        name: graph.extract_image(image, keep=attribution.MAP_KEEP)
        for name, image in images.items()
    }


def written(found: graph.HeteroGraph, folder: Path) -> dict[str, list[Path]]:
    """Write a graph in all forms; return the files of each."""
    out = {}
    for number, (kind, write) in enumerate(WRITERS.items()):
        stem = folder / str(number) / "a"
        stem.parent.mkdir(parents=True)
        write(found, stem)
        out[kind] = sorted(path for path in stem.parent.rglob("*") if path.is_file())
    return out


def hostile(kind: str, path: Path) -> Path:
    """Write text of as many small entries as fit."""
    before, entry, after = HOSTILE[kind]
    path.write_text(before + entry * (HOSTILE_BYTES // len(entry)) + after, encoding="utf-8")
    return path


def reading(kind: str, path: Path, warm: Path) -> int:
    """Bytes that reading takes at its peak; run in a fresh process, with all modules loaded."""
    reader = READERS[kind]
    reader(warm)

    def read() -> int:
        with contextlib.suppress(FormatError):  # what no graph is, is refused at the end
            reader(path)
        return 0

    found = peak_of(read)
    return found["peak"] - found["before"]


def factor(kind: str, path: Path, warm: Path) -> str:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return f"{pool.submit(reading, kind, path, warm).result() / path.stat().st_size:.0f}"


def megabytes(paths: list[Path]) -> str:
    return f"{sum(path.stat().st_size for path in paths) / 1e6:.2f}"


def table(heads: list[str], rows: list[list[Any]]) -> None:
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    print()


def main() -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        graphs = inputs()
        files = {image: written(found, folder / image) for image, found in graphs.items()}
        sizes = [["vessels, segments", *(found.num_segments for found in graphs.values())]]
        sizes += [[kind, *(megabytes(made[kind]) for made in files.values())] for kind in WRITERS]
        table(["MB", *graphs], sizes)
        bar = written(graph.extract(BAR), folder / "bar")
        memory = []
        for kind in READERS:
            (own,), (warm,) = files["synthetic eye"][kind], bar[kind]
            made = hostile(kind, folder / f"hostile{own.suffix}")
            memory.append([kind, factor(kind, own, warm), factor(kind, made, warm)])
        table(["times its text in memory", "synthetic eye", "made to take much"], memory)


if __name__ == "__main__":
    main()
