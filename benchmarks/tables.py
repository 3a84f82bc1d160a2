# SPDX-License-Identifier: Apache-2.0
"""Results of `ratios.py`, `scaling.py` and `memory.py` as tables of the kernel pages.

    python benchmarks/tables.py RESULT.json ...
    python benchmarks/tables.py --check

A page marks the place of a table by `<!-- measured: GROUP -->` and `<!-- end -->`; what stands
between them is replaced. `--check` only tells whether every group has its place. Exit code: 0
done, 1 a place is missing, doubled or unknown (nothing is written), 2 a result cannot be read.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

PAGES = Path(__file__).resolve().parents[1] / "docs" / "kernels"
GROUPS = (
    "segmentation",
    "thinning",
    "distance",
    "labels",
    "trace",
    "prune",
    "assignment",
    "features",
    "regions",
    "faz",
    "faces",
    "adjacency",
    "csr",
    "synth",
    "imaging",
    "biomarkers",
    "classification",
    "nn",
    "ig",
    "training",
    "mask",
    "image",
    "batch",
    "growth",
    "threads",
    "memory",
    "streaming",
)
NO_KERNEL = {"startup"}
SCHEMA = "gftcore-benchmark/1"
PLACE = re.compile(r"<!-- measured: (\S+) -->\n(.*?)<!-- end -->", re.DOTALL)
OPENED = re.compile(r"<!-- measured: (\S+) -->")

Row = Mapping[str, Any]
Head = Mapping[str, Any]


class ResultError(Exception):
    """A result file is not what these programs write."""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a Markdown table; the first column is text, the others are aligned to the right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def quantity(value: float) -> str:
    """Three significant digits, without exponent."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f}" if value >= 0.1 else f"{value:.3f}"


def milliseconds(seconds: float) -> str:
    return f"{quantity(seconds * 1e3)} ms"


def unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def ratio_table(rows: Sequence[Row]) -> str:
    """One line per stage, input and peer; the instruction sets beside each other."""
    targets = unique(row["target"] for row in rows)
    lines: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        key = row["stage"], row["input"], f"{row['peer']} {row['peer_version']}".strip()
        lines.setdefault(key, {})[row["target"]] = row
    out = []
    for (stage, input_, peer), found in lines.items():
        cells = [ratio_cell(found.get(target)) for target in targets]
        theirs = [row["peer_s"] for row in found.values() if row["peer_s"] is not None]
        time = milliseconds(sorted(theirs)[len(theirs) // 2]) if theirs else ""
        out.append([stage, sized(input_, found), peer or "none", time, *cells, goal_cell(found)])
    return table(["stage", "input", "beside", "its time", *targets, "goal"], out)


def sized(name: str, found: Mapping[str, Row]) -> str:
    shape = next(iter(found.values()))["shape"]
    return name if shape is None else f"{name}, {shape[0]} x {shape[1]}"


def ratio_cell(row: Row | None) -> str:
    if row is None:
        return ""
    time = milliseconds(row["ours_s"])
    return time if row["ratio"] is None else f"{time}, {quantity(row['ratio'])}x"


def goal_cell(found: Mapping[str, Row]) -> str:
    """The goal of the fastest instruction set, and where its goal is missed."""
    goals = {target: row for target, row in found.items() if row["goal"] is not None}
    if not goals:
        return ""
    missed = [target for target, row in goals.items() if not row["met"]]
    verdict = f"missed on {', '.join(missed)}" if missed else "met"
    return f"{max(row['goal'] for row in goals.values()):g}x, {verdict}"


def growth_table(rows: Sequence[Row]) -> str:
    sides = rows[0]["sides"]
    out = []
    for row in rows:
        if row["sides"] != sides:
            raise ResultError(f"sides {row['sides']} of {row['stage']} are not {sides}")
        each = [s / side**2 * 1e9 for s, side in zip(row["seconds"], sides, strict=True)]
        exponent = f"{row['exponent']:.3f} +- {row['error']:.3f}"
        verdict = f"at most {row['goal']:g}, {'met' if row['met'] else 'missed'}"
        out.append([row["stage"], row["input"], *map(quantity, each), exponent, verdict])
    columns = ["stage", "input", *(f"{side} px" for side in sides), "exponent", "goal"]
    return "Nanoseconds a pixel, by the side of the mask.\n\n" + table(columns, out)


def thread_table(rows: Sequence[Row]) -> str:
    out = []
    for row in rows:
        verdict = f"{row['goal']:g}x, {'met' if row['met'] else 'missed'}" if row["goal"] else ""
        time, ratio = milliseconds(row["wall_s"]), f"{row['speed_up']:.2f}x"
        out.append([f"{row['stage']}, {row['input']}", str(row["threads"]), time, ratio, verdict])
    return table(["what", "threads", "wall time", "faster than one", "goal"], out)


def memory_table(rows: Sequence[Row]) -> str:
    sides = sorted({row["side"] for row in rows})
    lines: dict[tuple[str, str, int], dict[int, Row]] = {}
    for row in rows:
        lines.setdefault((row["stage"], row["input"], row["threads"]), {})[row["side"]] = row
    out = []
    for (stage, input_, threads), found in lines.items():
        each = [f"{found[s]['scratch_bytes_per_px']:.1f}" if s in found else "" for s in sides]
        held = max(row["held_bytes_per_px"] for row in found.values())
        last = next(iter(found.values()))
        met = "met" if all(row["met"] for row in found.values()) else "missed"
        out.append(
            [stage, input_, str(threads), *each, f"{held:.1f}", f"at most {last['goal']:g}, {met}"]
        )
    columns = ["what", "input", "workers", *(f"{side} px" for side in sides), "held", "goal"]
    return "Scratch bytes a pixel and worker, by the side of the mask.\n\n" + table(columns, out)


def streaming_table(rows: Sequence[Row]) -> str:
    out = []
    for row in rows:
        sizes = [f"{row[name]:.0f} MB" for name in ("first_half_mb", "second_half_mb")]
        growth = f"{100 * (row['second_half_mb'] / row['first_half_mb'] - 1):.0f} %"
        met = "met" if row["met"] else "missed"
        goal = f"at most {100 * (row['goal'] - 1):.0f} %, {met}" if row["goal"] else ""
        images = f"{row['images']} of {row['side']} px"
        out.append([row["stage"], images, str(row["threads"]), *sizes, growth, goal])
    columns = ["caller", "images", "threads", "first half", "second half", "growth", "goal"]
    return "Peaks of resident memory above that before the stream.\n\n" + table(columns, out)


RENDERERS: dict[str, Callable[[Sequence[Row]], str]] = {
    "growth": growth_table,
    "threads": thread_table,
    "memory": memory_table,
    "streaming": streaming_table,
}


def provenance(head: Head, rows: Sequence[Row]) -> str:
    """Date, machine, instruction sets, versions and command, as one paragraph."""
    machine, known = head["machine"], head["versions"]
    ours = ", ".join(f"{name} {known[name]}" for name in ("gftcore", "numpy") if name in known)
    targets = ", ".join(unique(row["target"] for row in rows))
    return (
        f"Measured {head['date'][:10]} on {machine['processor']}, {machine['cores']} cores,"
        f" {machine['system']}; {targets}; Python {head['python']}, {ours}."
        f" Command: `{head['command']}`.\n"
    )


def render(group: str, head: Head, rows: Sequence[Row]) -> str:
    """Text between the markers of a group."""
    lines = RENDERERS.get(group, ratio_table)(rows)
    return f"\n{provenance(head, rows)}\n{lines}\n"


def read_result(file: Path) -> dict[str, str]:
    """Rendered text of each group in a result file."""
    try:
        content = json.loads(file.read_text())
        head, rows = content["header"], content["rows"]
        if head["schema"] != SCHEMA:
            raise ResultError(f"{file} has schema {head['schema']!r}, not {SCHEMA!r}")
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row["group"], []).append(row)
        return {
            group: render(group, head, found)
            for group, found in groups.items()
            if group not in NO_KERNEL
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultError(f"{file} is no result: {type(error).__name__}: {error}") from error


def problems(pages: Mapping[Path, str]) -> list[str]:
    """What is wrong with the places of the tables: a group without one, or with two."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    out = []
    for page, text in pages.items():
        closed = [match.group(1) for match in PLACE.finditer(text)]
        opened = OPENED.findall(text)
        if closed != opened:
            out.append(f"{page.name}: {len(opened)} places, but {len(closed)} have an end")
        for group in opened:
            if group not in found:
                out.append(f"{page.name}: unknown group {group}")
            found.setdefault(group, []).append(page.name)
    counted = {group: places for group, places in found.items() if group in GROUPS}
    out += [f"{group}: {len(at)} places {at}" for group, at in counted.items() if len(at) != 1]
    return out


def filled(text: str, tables: Mapping[str, str]) -> str:
    """Return the page with the text of each given group between its markers."""

    def replace(match: re.Match[str]) -> str:
        group = match.group(1)
        inside = tables.get(group, match.group(2))
        return f"<!-- measured: {group} -->\n{inside}<!-- end -->"

    return PLACE.sub(replace, text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="*", help="JSON files")
    parser.add_argument("--check", action="store_true", help="only look for the places")
    parser.add_argument("--pages", type=Path, default=PAGES, help="folder of the pages")
    options = parser.parse_args()
    if bool(options.results) == options.check:
        parser.error("give either result files or --check")
    pages = {page: page.read_text() for page in sorted(options.pages.glob("*.md"))}
    wrong = problems(pages)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    try:
        tables = {
            name: text for file in options.results for name, text in read_result(file).items()
        }
    except ResultError as error:
        print(error, file=sys.stderr)
        return 2
    unknown = tables.keys() - set(GROUPS)
    if unknown:
        print(f"no page shows {sorted(unknown)}", file=sys.stderr)
        return 2
    for page, text in pages.items():
        new = filled(text, tables)
        if new != text:
            page.write_text(new)
            print(f"wrote {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
