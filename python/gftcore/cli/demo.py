# SPDX-License-Identifier: Apache-2.0
"""``gftcore demo``: the whole way on a small sample, in a moment."""

from __future__ import annotations

import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli.outcome import guarded, print_json, tell
from gftcore.errors import RefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gftcore.graph import HeteroGraph

__all__ = ["demo"]

_SCHEMA = "gftcore-demo/1"
_SAMPLE = "demo_octa.png"
_FILES = (
    "demo_octa.png",
    "demo_octa.npz",
    "demo_octa.junctions.csv",
    "demo_octa.nodes.csv",
    "demo_octa.edges.csv",
    "demo_octa.overlay.png",
    "demo_octa.explanation.json",
    "demo_octa.explanation.png",
    "demo_octa.table.json",
    "demo_octa.table.md",
    "demo_octa.table.csv",
    "demo_octa.text.json",
    "demo_octa.report.html",
    "columns.csv",
    "run.json",
)


@guarded
def demo(
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the results.", file_okay=False)
    ] = Path("gftcore-demo"),
    *,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Extract the graph of a small synthetic sample, stage it, explain the answer, report on it.

    Writes graph, tables, a picture of the graph, what decided as JSON and as a picture, and a page
    for a browser, demo_octa.report.html. The sample was drawn by a program and shows no person.
    Results of an earlier demo are replaced. The network was trained on synthetic images, too; not
    for clinical use.
    """
    targets = [out / name for name in _FILES]
    _check_free(out, targets, overwrite=overwrite)
    if dry_run:
        _tell(targets, {}, json_=json_, quiet=quiet, dry_run=True)
        return 0
    began = time.perf_counter()
    graph, image = _run(out)
    seconds = time.perf_counter() - began
    numbers = {**_numbers(graph, seconds), "staging": _reported(graph, image, out)}
    _tell(targets, numbers, json_=json_, quiet=quiet, dry_run=False)
    return 0


def _check_free(out: Path, targets: list[Path], *, overwrite: bool) -> None:
    present = [path for path in targets if path.exists()]
    if not present or overwrite or (out / "run.json") in present:
        return
    raise RefusedError(f"{present[0]} exists and is no result of a demo; use --overwrite")


def _run(out: Path) -> tuple[HeteroGraph, NDArray[Any]]:
    from gftcore import graph as graphs
    from gftcore import io, pictures
    from gftcore.cli.extraction import write_run_file
    from gftcore.formats import write_dictionary, write_tables
    from gftcore.graph.assemble import run_settings
    from gftcore.segmentation import SegmentConfig

    config, seg = graphs.ExtractConfig(), SegmentConfig()
    # First, so that an interrupted demo is known for one and can be run again.
    write_run_file(out / "run.json", run_settings(config, seg))
    with resources.as_file(resources.files("gftcore") / "assets" / _SAMPLE) as sample:
        image = io.read_image(sample)
        source = io.file_sha256(sample)
        with io.atomic_path(out / _SAMPLE) as copy:
            copy.write_bytes(sample.read_bytes())
    keep = ("mask", "ica_label", "skeleton", "vessel_label")
    graph = graphs.extract_image(image, config, seg=seg, keep=keep).with_source(sha256=source)
    stem = out / Path(_SAMPLE).stem
    write_tables(graph, stem)
    picture = pictures.draw_overlay(graph, background=image)
    picture.save(stem.with_suffix(".overlay.png"))
    write_dictionary(out / "columns.csv")
    return graph, image


def _numbers(graph: HeteroGraph, seconds: float) -> dict[str, Any]:
    from gftcore.cli.extraction import counts_of

    mm = graph.meta.mm_per_px
    return {
        **counts_of(graph),
        "vessel_density": round(float(graph.kept["mask"].mean()), 4),
        "vessel_length_mm": round(float(graph.vessel("length").sum()) * mm, 2),
        "faz_area_mm2": round(graph.faz_info.area_px2 * mm**2, 4),
        "seconds": round(seconds, 3),
        "core_seconds": round(sum(graph.meta.stage_seconds.values()), 4),
    }


def _reported(graph: HeteroGraph, image: NDArray[Any], out: Path) -> dict[str, Any]:
    from gftcore.cli.reporting import SUFFIXES, write_case
    from gftcore.pipeline import explain_graph, make_case

    began = time.perf_counter()
    said = explain_graph(graph, pixels=image)
    stem = Path(_SAMPLE).stem
    case = make_case(said, image_id=stem)
    write_case(case, [out / f"{stem}{suffix}" for suffix in SUFFIXES], home="", more={})
    seconds = time.perf_counter() - began
    staged, first = said.staged, said.selection.nodes[0]
    probabilities = zip(staged.classes, staged.probabilities.tolist(), strict=True)
    return {
        "prediction": staged.prediction,
        "probabilities": {name: round(p, 4) for name, p in probabilities},
        "warnings": list(staged.warnings),
        "model_sha256": staged.model_sha256,
        "seconds": round(staged.seconds["standardise"] + staged.seconds["network"], 4),
        "explained": {
            "target": said.attribution.target,
            "first": {"type": first.node_type, "id": first.id, "share": round(first.share, 4)},
            "seconds": round(seconds, 4),
        },
        "text": [sentence.text for sentence in case.text],
        "notice": said.notice,
    }


def _tell(
    targets: list[Path], numbers: dict[str, Any], *, json_: bool, quiet: bool, dry_run: bool
) -> None:
    files = [str(path) for path in targets]
    if json_:
        print_json({"schema": _SCHEMA, "dry_run": dry_run, "outputs": files, **numbers})
        return
    if quiet:
        return
    if dry_run:
        tell("would write " + ", ".join(files))
        return
    tell(
        f"Synthetic OCTA sample, 304 x 304 px, 3 x 3 mm: {numbers['segments']} vessel segments "
        f"({numbers['vessel_length_mm']} mm, density {numbers['vessel_density']:.1%}),"
    )
    tell(
        f"{numbers['areas']} intercapillary areas, FAZ {numbers['faz_area_mm2']} mm2, "
        f"{numbers['edges']} edges. Core {1000 * numbers['core_seconds']:.0f} ms, with files "
        f"{numbers['seconds']:.1f} s."
    )
    staging = numbers["staging"]
    shares = ", ".join(f"{name} {p:.3f}" for name, p in staging["probabilities"].items())
    tell(f"The default network calls it {staging['prediction']}: {shares}.")
    first, seconds = staging["explained"]["first"], staging["explained"]["seconds"]
    tell(
        f"What decided most: {first['type']} {first['id']}, {first['share']:.0%} of all that spoke "
        f"for it. Explained, drawn and reported in {seconds:.1f} s."
    )
    tell(" ".join(staging["text"]))
    tell(f"{staging['notice']} The sample is drawn, too.")
    for path in files:
        tell(path)
