# SPDX-License-Identifier: Apache-2.0
"""``gftcore teach status``: how far a data set is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gftcore.cli import options
from gftcore.cli import teach_options as own
from gftcore.cli.outcome import guarded, print_json, tell
from gftcore.errors import FormatError

__all__ = ["teach_status"]

_SCHEMA = "gftcore-teach-status/1"


@guarded
def teach_status(
    out: own.DataSet,
    *,
    json_: options.Json = False,
    debug: options.Debug = False,  # noqa: ARG001 - read by `guarded`
) -> int:
    """Say how many cases and replies of a data set are there, what failed and what is left."""
    from gftcore.cli.lessons import LEDGER_FILE
    from gftcore.cli.teaching import FAILED_FILE, case_names, read_run
    from gftcore.teacher import ledger_counts

    about = read_run(out)
    assert about is not None
    there = set(case_names(out))
    failed = []
    if (out / FAILED_FILE).exists():
        failed = _failed(out / FAILED_FILE)
    left = about["images"] - len(there) - len(failed)
    told: dict[str, Any] = {
        "schema": _SCHEMA,
        "output": str(out),
        "settings": about,
        "cases": {"made": len(there), "failed": len(failed), "left": left},
        "failed": failed,
    }
    if (out / LEDGER_FILE).exists():
        told["requests"], spent = ledger_counts(out / LEDGER_FILE)
        told["spent"] = spent / 1e6
    if json_:
        print_json(told)
        return 0
    for one in failed:
        tell(f"failed: {one['image_id']}: {one['message']}")
    tell(
        f"{out}: {len(there)} of {about['images']} cases of fold {about['fold']} made, "
        f"{len(failed)} failed, {left} left"
    )
    if "requests" in told:
        counts = ", ".join(f"{n} {state}" for state, n in told["requests"].items() if n)
        tell(
            f"requests of all settings: {counts or 'none'}; spent or reserved: {told['spent']:.6f}"
        )
    return 0


def _failed(file: Path) -> list[dict[str, str]]:
    """Return the images that have no case, and why."""
    try:
        failed = [
            {name: str(one[name]) for name in ("image_id", "code", "message")}
            for one in json.loads(file.read_bytes())["failed"]
        ]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise FormatError(f"{file}: is damaged; `gftcore teach plan` writes it anew") from error
    return failed
