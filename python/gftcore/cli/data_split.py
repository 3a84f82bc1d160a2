# SPDX-License-Identifier: Apache-2.0
"""``gftcore data split``: the subjects of a manifest in six folds."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from gftcore.cli import options
from gftcore.cli.outcome import guarded, print_json, say, tell
from gftcore.errors import ArgumentError, GftcoreWarning, RefusedError

__all__ = ["data_split"]

_SCHEMA = "gftcore-data-split/1"


@guarded
def data_split(
    manifest: options.ManifestFile,
    out: Annotated[
        Path, typer.Option("--out", help="File for the folds, such as splits.json.", dir_okay=False)
    ],
    *,
    seed: options.Seed = 0,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Divide the subjects of a manifest into six folds of like classes, and write splits.json.

    Fold 0 is the test set; model k of 1 to 5 validates on fold k and trains on the others.
    """
    from gftcore.datasets import fold_table, read_manifest, split_subjects
    from gftcore.datasets.splits import splits_json
    from gftcore.io import atomic_path

    table = read_manifest(manifest)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GftcoreWarning)
        splits = split_subjects(table, seed=seed)
    notes = [str(w.message) for w in caught if issubclass(w.category, GftcoreWarning)]
    data = splits_json(splits)
    status = _status(out, data, manifest, overwrite=overwrite)
    if not dry_run and status != "skipped":
        with atomic_path(out) as temporary:
            temporary.write_bytes(data)
    if dry_run:
        status = "waiting"
    rows = fold_table(table, splits)
    if json_:
        document: dict[str, Any] = {
            "schema": _SCHEMA,
            "dry_run": dry_run,
            "status": status,
            "output": str(out),
            "manifest_sha256": table.sha256,
            "algorithm": splits.algorithm,
            "seed": seed,
            "folds": list(rows),
            "warnings": notes,
        }
        print_json(document)
        return 0
    if quiet:
        return 0
    for note in notes:
        say(f"warning: {manifest}: {note}")
    names = list(rows[0])
    tell("  ".join(f"{name:>8}" for name in names))
    for row in rows:
        tell("  ".join(f"{row[name]:>8}" for name in names))
    words = {"waiting": "would write ", "skipped": "there already: ", "ok": ""}
    tell(f"{words[status]}{out}")
    return 0


def _status(out: Path, data: bytes, manifest: Path, *, overwrite: bool) -> str:
    """Return ``ok`` if the file may be written, ``skipped`` if it is there already."""
    from gftcore.datasets.splits import stored_folds

    if not out.exists():
        return "ok"
    if out.samefile(manifest):
        raise ArgumentError(f"--out {out} is the manifest; choose another file")
    stored = stored_folds(out)
    if stored == data:
        return "skipped"
    if stored is None:
        raise RefusedError(f"{out} exists and holds no folds; choose another file")
    if not overwrite:
        raise RefusedError(f"{out} exists and holds other folds; use --overwrite")
    return "ok"
