# SPDX-License-Identifier: Apache-2.0
"""Tables of the kernel pages: their places, their text and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tables
from checkout import ROOT, run, tool

HEAD = {
    "schema": tables.SCHEMA,
    "kind": "ratios",
    "date": "2026-01-31T12:00:00+00:00",
    "command": "python benchmarks/ratios.py --targets all",
    "machine": {"processor": "Some CPU", "cores": 4, "system": "Linux x86_64"},
    "targets": ["avx512", "avx2"],
    "python": "3.12.1",
    "versions": {"gftcore": "0.1.0", "numpy": "2.4.0", "scipy": "1.17.0"},
}


def ratio_row(**changes: Any) -> dict[str, Any]:
    row = {
        "group": "distance",
        "stage": "squared_distance",
        "peer": "edt",
        "peer_version": "3.1",
        "input": "sample",
        "shape": [304, 608],
        "target": "avx512",
        "threads": 1,
        "ours_s": 0.0015,
        "peer_s": 0.03,
        "ratio": 20.0,
        "spread": 0.01,
        "goal": 4.0,
        "met": True,
    }
    return row | changes


def growth_row(**changes: Any) -> dict[str, Any]:
    row = {
        "group": "growth",
        "stage": "trace",
        "input": "mesh",
        "target": "avx512",
        "sides": [100, 200],
        "seconds": [1e-5, 8e-5],
        "exponent": 1.5,
        "error": 0.02,
        "goal": 1.05,
        "met": False,
    }
    return row | changes


def memory_row(**changes: Any) -> dict[str, Any]:
    row = {
        "group": "memory",
        "stage": "mask to graph",
        "input": "mesh",
        "target": "avx512",
        "side": 608,
        "threads": 1,
        "scratch_bytes_per_px": 20.04,
        "held_bytes_per_px": 7.5,
        "goal": 24.0,
        "met": True,
    }
    return row | changes


def lines_of(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_provenance_names_date_machine_targets_versions_and_command() -> None:
    text = tables.provenance(HEAD, [ratio_row(), ratio_row(target="avx2")])
    for part in ("2026-01-31", "Some CPU", "4 cores", "avx512, avx2", "3.12.1", "gftcore 0.1.0"):
        assert part in text
    assert f"`{HEAD['command']}`" in text


def test_instruction_sets_stand_beside_each_other() -> None:
    rows = [
        ratio_row(),
        ratio_row(target="avx2", ours_s=0.003, ratio=10.0, goal=2.0),
        ratio_row(peer="scipy", peer_version="1.17.0", peer_s=0.06, ratio=40.0, goal=None),
    ]
    assert lines_of(tables.ratio_table(rows)) == [
        ["stage", "input", "beside", "its time", "avx512", "avx2", "goal"],
        ["---", "---:", "---:", "---:", "---:", "---:", "---:"],
        [
            "squared_distance",
            "sample, 304 x 608",
            "edt 3.1",
            "30.0 ms",
            "1.50 ms, 20.0x",
            "3.00 ms, 10.0x",
            "4x, met",
        ],
        [
            "squared_distance",
            "sample, 304 x 608",
            "scipy 1.17.0",
            "60.0 ms",
            "1.50 ms, 40.0x",
            "",
            "",
        ],
    ]


def test_a_missed_goal_is_told_with_its_instruction_set() -> None:
    rows = [ratio_row(), ratio_row(target="avx2", ratio=1.0, goal=2.0, met=False)]
    assert lines_of(tables.ratio_table(rows))[2][-1] == "4x, missed on avx2"


def test_a_row_without_peer_has_a_time_and_no_ratio() -> None:
    row = ratio_row(peer="", peer_version="", peer_s=None, ratio=None, goal=None, met=None)
    assert lines_of(tables.ratio_table([row]))[2][2:] == ["none", "", "1.50 ms", ""]


def test_growth_is_shown_in_nanoseconds_a_pixel() -> None:
    assert lines_of(tables.growth_table([growth_row()])) == [
        ["stage", "input", "100 px", "200 px", "exponent", "goal"],
        ["---", "---:", "---:", "---:", "---:", "---:"],
        ["trace", "mesh", "1.00", "2.00", "1.500 +- 0.020", "at most 1.05, missed"],
    ]


def test_memory_of_all_sides_is_one_line() -> None:
    rows = [memory_row(), memory_row(side=1216, scratch_bytes_per_px=25.0, met=False)]
    line = lines_of(tables.memory_table(rows))[2]
    assert line == ["mask to graph", "mesh", "1", "20.0", "25.0", "7.5", "at most 24, missed"]


def test_streams_show_both_halves_and_the_growth() -> None:
    row = {
        "stage": "each graph dropped", "images": 500, "side": 1216, "threads": 2,
        "first_half_mb": 80.0, "second_half_mb": 90.4, "goal": 1.1, "met": False,
    }  # fmt: skip
    line = lines_of(tables.streaming_table([row]))[2]
    assert line[1:] == ["500 of 1216 px", "2", "80 MB", "90 MB", "13 %", "at most 10 %, missed"]
    assert lines_of(tables.streaming_table([row | {"goal": None}]))[2][-1] == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, "0.012"), (0.5, "0.50"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1234")],
)
def test_quantities_have_three_digits(value: float, text: str) -> None:
    assert tables.quantity(value) == text


def test_only_what_stands_between_the_markers_changes() -> None:
    places = (
        "<!-- measured: trace -->\nold\n<!-- end -->\nkept\n<!-- measured: faz -->\nx\n<!-- end -->"
    )
    page = f"# A\n\n{places}\n"
    new = tables.filled(page, {"trace": "\nnew\n"})
    assert new == page.replace("old\n", "\nnew\n")
    assert tables.filled(new, {"trace": "\nnew\n"}) == new


# --- places of tables ---------------------------------------------------------------------------


def pages_with(groups: list[str]) -> dict[Path, str]:
    text = "".join(f"<!-- measured: {group} -->\n<!-- end -->\n" for group in groups)
    return {Path("page.md"): text}


def test_every_group_once_is_right() -> None:
    assert tables.problems(pages_with(list(tables.GROUPS))) == []


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        (list(tables.GROUPS[1:]), f"{tables.GROUPS[0]}: 0 places"),
        ([*tables.GROUPS, tables.GROUPS[0]], f"{tables.GROUPS[0]}: 2 places"),
        ([*tables.GROUPS, "typo"], "unknown group typo"),
    ],
)
def test_wrong_places_are_told(groups: list[str], problem: str) -> None:
    found = tables.problems(pages_with(groups))
    assert len(found) == 1
    assert problem in found[0]


def test_a_place_without_end_is_told() -> None:
    pages = pages_with(list(tables.GROUPS))
    pages[Path("other.md")] = "<!-- measured: trace -->\nno end\n"
    assert any("0 have an end" in problem for problem in tables.problems(pages))


def test_the_kernel_pages_have_all_places() -> None:
    pages = {page: page.read_text() for page in tables.PAGES.glob("*.md")}
    assert tables.problems(pages) == []


def test_every_kernel_page_is_complete() -> None:
    """Definition, pseudocode, types, instruction sets and a place for measured times."""
    common = {"index.md"}
    for page in sorted(tables.PAGES.glob("*.md")):
        text = page.read_text()
        if page.name not in common:
            for part in ("## Types, cost, determinism", "## SIMD", "```text", "<!-- measured: "):
                assert part in text, f"{page.name} lacks {part}"
            assert page.stem in (tables.PAGES / "index.md").read_text()


def test_the_groups_are_those_of_the_programs() -> None:
    for module in ("cc3d", "cv2", "edt", "skan", "sknw"):
        pytest.importorskip(module)
    from cases import GROUPS

    # "nn" has two tables: inference and training.
    assert set(GROUPS) | {"training", "growth", "threads", "memory", "streaming"} == set(
        tables.GROUPS
    )


# --- the program --------------------------------------------------------------------------------


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    for page, text in pages_with(list(tables.GROUPS)).items():
        (folder / page.name).write_text(text)
    return folder


def call(pages: Path, *words: str | Path) -> tuple[int, str]:
    program = ROOT / "benchmarks" / "tables.py"
    done = run([tool("python3"), program, "--pages", pages, *words])
    return done.returncode, done.stderr


def write_result(folder: Path, rows: list[dict[str, Any]], **head: Any) -> Path:
    file = folder / "result.json"
    file.write_text(json.dumps({"header": HEAD | head, "rows": rows}))
    return file


def test_results_are_written_into_the_pages(pages: Path, tmp_path: Path) -> None:
    rows = [ratio_row(), growth_row(), memory_row(), ratio_row(group="startup", shape=None)]
    assert call(pages, write_result(tmp_path, rows)) == (0, "")
    text = (pages / "page.md").read_text()
    for part in ("1.50 ms, 20.0x", "1.500 +- 0.020", "at most 24, met", "Measured 2026-01-31"):
        assert part in text
    assert text.count("Measured 2026-01-31") == 3
    assert call(pages, "--check") == (0, "")


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        ([ratio_row(group="typo")], {}, "no page shows"),
        ([ratio_row()], {"schema": "other/1"}, "has schema"),
        ([{"group": "distance"}], {}, "KeyError"),
        ([growth_row(), growth_row(sides=[1, 2])], {}, "sides"),
    ],
)
def test_a_foreign_result_changes_nothing(
    pages: Path, tmp_path: Path, rows: list[dict[str, Any]], head: dict[str, Any], message: str
) -> None:
    before = (pages / "page.md").read_text()
    code, told = call(pages, write_result(tmp_path, rows, **head))
    assert code == 2
    assert message in told
    assert "Traceback" not in told
    assert (pages / "page.md").read_text() == before


def test_a_missing_place_is_an_error(pages: Path, tmp_path: Path) -> None:
    (pages / "page.md").write_text("nothing here\n")
    code, told = call(pages, write_result(tmp_path, [ratio_row()]))
    assert code == 1
    assert "distance: 0 places" in told
    assert call(pages, "--check")[0] == 1
