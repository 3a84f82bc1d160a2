# SPDX-License-Identifier: Apache-2.0
"""``gftcore retrieve``: what is listed for ids and for graphs, remarks, failures, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gftcore import cli, graph
from gftcore.cli.outcome import Exit
from gftcore.datasets import Manifest, Record, Splits, split_subjects, write_manifest, write_splits
from gftcore.retrieval import index_from_manifest, subject_group
from labelled import drawn_mask


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, Splits]:
    """18 subjects with two eyes each, and their graphs."""
    folder = tmp_path_factory.mktemp("retrieve")
    rng = np.random.default_rng(6)
    records = [
        Record(id=f"{i // 2}_{eye}", subject=f"Meier{i // 2}", eye=eye, path=f"{i}.png",
               label=("Healthy", "NPDR", "PDR")[i // 2 % 3])
        for i in range(36) for eye in ("OD", "OS")[i % 2 : i % 2 + 1]
    ]  # fmt: skip
    manifest = write_manifest(folder / "manifest.csv", records)
    for record in manifest:
        eye = graph.extract(drawn_mask(rng, dense=record.label == "Healthy"))
        graph.save(eye, folder / "graphs" / f"{record.id}.npz")
    splits = split_subjects(manifest)
    write_splits(folder / "splits.json", splits)
    return manifest, splits


def run(
    capsys: pytest.CaptureFixture[str], manifest: Manifest, *args: object, model: int = 1
) -> tuple[int, str, str]:
    folder = manifest.folder
    options = ["--manifest", folder / "manifest.csv", "--splits", folder / "splits.json",
               "--model", model, "--graphs", folder / "graphs"]  # fmt: skip
    code = cli.main(["retrieve", *map(str, (*args, *options))])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def expected(manifest: Manifest, splits: Splits, name: str, **options: Any) -> list[Any]:
    k = options.pop("k", 3)
    index = index_from_manifest(manifest, splits, 1, manifest.folder / "graphs", **options)
    from gftcore.biomarkers import quadrant_vector

    vector = quadrant_vector(graph.load(manifest.folder / "graphs" / f"{name}.npz"),
                             mode=index.mode)  # fmt: skip
    group = subject_group(index, manifest, manifest.select([name])[0])
    found = index.nearest(vector, k=k, exclude_subject=group)
    return [{"id": one.id, "label": one.label, "distance": one.distance} for one in found]


@pytest.mark.parametrize("more", [(), ("--mode", "count"), ("--mode", "per_mm2", "--z-scores")])
def test_json(
    made: tuple[Manifest, Splits], capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    manifest, splits = made
    test, train = splits.ids(0)[0], splits.view(1).train[0]
    code, out, err = run(capsys, manifest, test, train, "-k", 4, "--json", *more)
    assert (code, err) == (0, "")
    document = json.loads(out)
    queries = document.pop("queries")
    mode = more[1] if more else "fraction"
    assert document.pop("notice").startswith("nearest by how nodes and edges spread")
    assert document == {
        "schema": "gftcore-retrieve/1", "manifest_sha256": manifest.sha256, "synthetic": False,
        "model": 1, "mode": mode, "z_scores": "--z-scores" in more, "k": 4,
        "cases": len(splits.view(1).train), "summary": {"ok": 2, "skipped": 0, "failed": 0},
    }  # fmt: skip
    options = {"mode": mode, "z_scores": "--z-scores" in more, "k": 4}
    subject_of = {record.id: record.subject for record in manifest}
    for name, query in zip((test, train), queries, strict=True):
        assert query == {
            "path": str(manifest.folder / "graphs" / f"{name}.npz"), "id": name, "status": "ok",
            "warnings": [], "neighbours": expected(manifest, splits, name, **options),
        }  # fmt: skip
        near = {one["id"] for one in query["neighbours"]}
        assert near <= set(splits.view(1).train)
        assert subject_of[name] not in {subject_of[one] for one in near}
    assert "Meier" not in out


def test_text(made: tuple[Manifest, Splits], capsys: pytest.CaptureFixture[str]) -> None:
    manifest, splits = made
    name = splits.ids(0)[0]
    code, out, err = run(capsys, manifest, name)
    cases = ", ".join(f"{one['id']} ({one['label']}, {one['distance']:.4g})"
                      for one in expected(manifest, splits, name))  # fmt: skip
    first, notice = out.splitlines()
    assert (code, err, first) == (0, "", f"{name}: {cases}")
    assert "a weak measure" in notice
    assert "near .25" in notice
    assert "not for clinical use" in notice
    assert run(capsys, manifest, name, "--quiet") == (0, "", "")


def test_a_graph_of_the_folder_is_its_image(
    made: tuple[Manifest, Splits], capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, splits = made
    name = splits.view(1).train[0]
    path = manifest.folder / "graphs" / ".." / "graphs" / f"{name}.npz"
    assert run(capsys, manifest, path, name) == run(capsys, manifest, name)


def test_a_graph_of_elsewhere_has_no_subject(
    made: tuple[Manifest, Splits], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    manifest, splits = made
    name = splits.view(1).train[0]
    copy = tmp_path / "copy.npz"
    copy.write_bytes((manifest.folder / "graphs" / f"{name}.npz").read_bytes())
    code, out, err = run(capsys, manifest, copy)
    # The eye itself is the nearest, since nothing says whose it is.
    assert out.startswith(f"{copy}: {name} (")
    assert (code, err) == (0, "warning: SUBJECT_UNKNOWN for 1 of 1 eyes: not in the manifest, so "
                           "other images of the same person may be listed\n")  # fmt: skip
    (query,) = json.loads(run(capsys, manifest, copy, "--json")[1])["queries"]
    assert (query["id"], query["warnings"]) == (None, ["SUBJECT_UNKNOWN"])
    assert query["neighbours"][0]["distance"] == 0


def test_a_graph_made_once_more_is_known_by_its_image(
    made: tuple[Manifest, Splits], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    manifest, splits = made
    name = splits.view(1).train[0]
    stored = manifest.folder / "graphs" / f"{name}.npz"
    before = stored.read_bytes()
    known = graph.load(stored).with_source(sha256="ab" * 32)
    try:
        graph.save(known, stored)
        graph.save(known.with_source(channel="red"), tmp_path / "again.npz")
        found = run(capsys, manifest, tmp_path / "again.npz")
        assert found == run(capsys, manifest, name)
        assert f" {name} (" not in found[1]
    finally:
        stored.write_bytes(before)


def test_few_cases(made: tuple[Manifest, Splits], capsys: pytest.CaptureFixture[str]) -> None:
    manifest, splits = made
    name = splits.view(1).train[0]
    code, out, err = run(capsys, manifest, name, "-k", 1000)
    assert (code, out.splitlines()[0].count(" (")) == (0, len(splits.view(1).train) - 2)
    assert err == "warning: FEW_CASES for 1 of 1 eyes: fewer cases than -k are left\n"


def test_failures_alone(
    made: tuple[Manifest, Splits], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    manifest, splits = made
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"no graph")
    code, out, err = run(capsys, manifest, splits.ids(0)[0], bad, "nobody")
    assert code == Exit.SOME_FAILED
    assert out.startswith(splits.ids(0)[0])
    assert err.splitlines() == [
        f"failed: {bad}: no graph file (no .npz archive)",
        "failed: nobody: must be an id of the manifest or a graph, .npz",
    ]
    code, out, _ = run(capsys, manifest, tmp_path / "none.npz", "--json")
    (query,) = json.loads(out)["queries"]
    assert (code, query["error"]["code"]) == (Exit.BAD_INPUT, "MISSING_FILE")


def test_cases_that_cannot_be_read(
    made: tuple[Manifest, Splits], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    manifest, splits = made
    (tmp_path / "empty").mkdir()
    arguments = ["--manifest", manifest.folder / "manifest.csv", "--model", "1"]
    folds = ["--splits", manifest.folder / "splits.json"]
    for more in (
        [*folds, "--graphs", tmp_path / "empty"],
        ["--splits", tmp_path / "none.json", "--graphs", manifest.folder / "graphs"],
        ["--splits", manifest.folder / "manifest.csv", "--graphs", manifest.folder / "graphs"],
    ):
        code = cli.main(["retrieve", splits.ids(0)[0], *map(str, (*arguments, *more))])
        assert (code, capsys.readouterr().out) == (Exit.BAD_INPUT, "")
    code, _, err = run(capsys, manifest, splits.ids(0)[0], model=6)
    assert code == Exit.USAGE
    assert "--model" in err
