# SPDX-License-Identifier: Apache-2.0
"""The realism report: its distances, its classifier and its measures on known cases."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gftcore.synth import Edges, GrowthOptions, draw_vessels, grow_vessels, write_edges

stats = pytest.importorskip("scipy.stats")
pytest.importorskip("skimage")
pytest.importorskip("sklearn")

import eye_measures  # noqa: E402 - needs the packages above, as all of these do
import spreads  # noqa: E402
import two_samples  # noqa: E402
from image_measures import intensities, level_db, spectrum  # noqa: E402
from spreads import Spread, distance  # noqa: E402
from two_samples import halves, tell_apart  # noqa: E402


def eyes_of(random: np.random.Generator, centre: float, *, count: int, size: int) -> list[Spread]:
    return [Spread.of(random.normal(centre, 1, size)) for _ in range(count)]


@pytest.mark.parametrize(("size", "rel"), [(1, 1e-12), (40, 1e-12), (5000, 0.01)])
def test_distances_are_those_of_scipy(size: int, rel: float) -> None:
    """Exact while all values are looked at, close where there are too many of them."""
    random = np.random.default_rng(size)
    ours, theirs = (eyes_of(random, c, count=n, size=size) for c, n in ((0.4, 20), (0, 30)))
    found = distance(ours, theirs)
    a, b = (np.concatenate([eye.values for eye in group]) for group in (ours, theirs))
    assert found.wasserstein.value == pytest.approx(stats.wasserstein_distance(a, b), rel=rel)
    assert found.ks.value == pytest.approx(stats.ks_2samp(a, b).statistic, rel=rel)
    assert (found.ours_mean, found.theirs_mean) == pytest.approx((a.mean(), b.mean()))
    assert found.sd == pytest.approx(b.std())


def test_weights_stand_for_repeated_values() -> None:
    values = np.array([1.0, 2.0, 5.0])
    weighted = [Spread(values, np.array([3.0, 1.0, 2.0]))] * 2
    repeated = [Spread.of(np.repeat(values, [3, 1, 2]))] * 2
    other = [Spread.of(np.array([2.0, 4.0]))] * 2
    assert distance(weighted, other) == distance(repeated, other)


def test_chance_stays_within_the_halves_and_a_shift_does_not() -> None:
    random = np.random.default_rng(5)
    theirs, same, moved = (eyes_of(random, c, count=40, size=200) for c in (0, 0, 0.5))
    near, far = distance(same, theirs), distance(moved, theirs)
    assert near.wasserstein.value < near.halves_wasserstein.high < 0.1 < far.wasserstein.low
    assert near.ks.value < near.halves_ks.high < far.ks.low
    assert far.wasserstein.low < 0.5 < far.wasserstein.high


def test_missing_values_count_nowhere() -> None:
    assert Spread.of(np.array([1.0, np.nan, np.inf, 2.0])).values.tolist() == [1, 2]


def group_of(random: np.random.Generator, shift: float, count: int = 40) -> list[dict[str, float]]:
    noise = random.normal(size=(count, 6))
    return [{f"n{k}": v for k, v in enumerate(row)} | {"told": row[0] + shift} for row in noise]


def test_the_classifier_finds_a_shift_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_samples, "SEEDS", range(2))
    random = np.random.default_rng(1)
    theirs, same, moved = (group_of(random, shift) for shift in (0, 0, 4))
    assert 0.3 < tell_apart(same, theirs).accuracy < 0.7
    assert 0.3 < halves(theirs).accuracy < 0.7
    found = tell_apart(moved, theirs[:30], explain=True)
    assert found.accuracy > 0.9
    assert found.each == 30
    assert found.features[0].name == "told"
    assert found.features[0].importance > 0.2
    assert found.features[0].shift == pytest.approx(4, abs=1)


def test_too_few_eyes_are_refused() -> None:
    few = group_of(np.random.default_rng(1), 0, count=4)
    with pytest.raises(ValueError, match="5 eyes or more, got 4"):
        tell_apart(few, few)


def test_a_wave_has_its_power_at_its_frequency_and_noise_everywhere() -> None:
    side = 240
    wave = 100 + 80 * np.sin(2 * np.pi * 30 * np.arange(side) / side)
    found = spectrum(np.tile(wave, (side, 1)).astype(np.uint8))
    assert found.values[found.weights.argmax()] == pytest.approx(30 / 3)
    assert found.weights[np.abs(found.values - 10) < 0.5].sum() > 0.99
    noise = np.random.default_rng(2).integers(0, 256, (side, side), dtype=np.uint8)
    level = level_db(noise)
    assert level[: len(level) // 2].mean() == pytest.approx(
        level[len(level) // 2 :].mean(), abs=0.5
    )
    assert intensities(noise).weights[7] == pytest.approx((noise == 7).mean())


def lattice(side: int = 300, step: int = 50, half: int = 2) -> np.ndarray:
    mask = np.zeros((side, side), dtype=bool)
    for line in range(step, side, step):
        mask[line - half : line + half + 1] = mask[:, line - half : line + half + 1] = True
    return mask


def test_a_lattice_is_measured_as_it_was_drawn() -> None:
    mask = lattice()
    found = eye_measures.measure_eye(mask)
    um = 1000 * 3.0 / 300
    read = {name: item.values for name, item in found.spreads.items()}
    assert read["mask density"] == pytest.approx(mask.mean())
    assert read["junctions"] == 25
    assert read["segments"] == 60
    assert np.median(read["segment length"]) == pytest.approx(50 * um, rel=0.02)
    assert np.median(read["vessel radius"]) == pytest.approx(2.5 * um, rel=0.2)
    assert read["tortuosity"] == pytest.approx(1, abs=0.01)
    assert read["region area"] == pytest.approx(45**2 * um**2)
    assert found.features["junctions of degree 4"] == 1
    assert "intensity" not in read
    assert "true edges" not in read


def test_directions_are_taken_about_the_faz() -> None:
    """Spokes lie along the radius; a ring around the zone in the middle lies across it."""
    side = 600
    rows, cols = np.mgrid[:side, :side] - (side - 1) / 2
    radius, angle = np.hypot(rows, cols), np.arctan2(rows, cols)
    ring = np.abs(radius - 100) < 2
    across = np.abs((angle / (2 * np.pi) * 12 + 0.5) % 1 - 0.5) * (2 * np.pi / 12) * radius
    spokes = (across < 2) & (radius > 100) & (radius < 200)
    found = eye_measures.measure_eye(spokes | ring).spreads["angle to the radius"].values
    assert (found < 3).sum() == 12
    assert (found > 87).sum() == 12
    assert len(found) == 24


def small_eye(stream: int, width: float = 1.0, side: int = 400) -> SimpleNamespace:
    grown = grow_vessels(seed=9, stream=stream, options=GrowthOptions.test_profile())
    edges = grown.edges()
    edges = Edges(node1_xyz=edges.node1_xyz, node2_xyz=edges.node2_xyz, radius=edges.radius * width)
    mask, image = draw_vessels(edges, side_px=side // 4)
    return SimpleNamespace(mask=mask, image=(255 * image).astype(np.uint8), edges=edges)


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """Run the program on ten small samples, six with a graph, and ten eyes of some width."""
    import realism

    folder = tmp_path / "samples"
    for name in ("images", "labels", "graphs"):
        (folder / name).mkdir(parents=True)
    for k in range(10):
        eye = small_eye(k)
        Image.fromarray(eye.mask).save(folder / "labels" / f"s{k}.png")
        Image.fromarray(eye.image).save(folder / "images" / f"s{k}.png")
        if k < 6:
            write_edges(folder / "graphs" / f"s{k}.csv", eye.edges)
    monkeypatch.setenv("GFTCORE_OCTA_SYNTHETIC", str(folder))
    monkeypatch.setattr(spreads, "RESAMPLES", 50)
    for module in (two_samples, realism):
        monkeypatch.setattr(module, "SEEDS", range(1))
    monkeypatch.setattr(two_samples, "PERMUTATIONS", 1)

    def run(width: float, *words: str) -> tuple[int, Any]:
        def eyes(count: int, **_: object) -> Iterator[SimpleNamespace]:
            return (small_eye(100 + k, width) for k in range(count))

        monkeypatch.setattr(realism, "generated_eyes", eyes)
        file = tmp_path / "report.json"
        monkeypatch.setattr(sys, "argv", ["realism.py", "--json", str(file), *words])
        return realism.main(), json.loads(file.read_text())

    return run


def test_eyes_like_the_samples_meet_the_goal(
    report: Callable[..., tuple[int, Any]], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    code, found = report(1.0, "--pictures", str(tmp_path / "pictures"))
    assert code == 0
    assert found["goals"][0]["met"]
    assert (found["eyes"], found["samples"]) == (10, 10)
    assert found["redrawn_off"] == [0] * 6
    redrawn = found["distances"]["theirs redrawn against theirs"]
    assert redrawn["mask density"]["wasserstein"]["value"] == 0  # their masks are our drawing
    assert found["distances"]["ours against theirs"]["intensity"]["sd"] > 0
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 3


def test_thicker_vessels_miss_it_and_are_told_apart(
    report: Callable[..., tuple[int, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = report(1.5, "--eyes", "10")
    assert code == 1
    assert found["goals"][0]["off"] > 0.1
    assert found["classifier"]["ours against theirs"]["accuracy"] > 0.9
    radius = found["distances"]["ours against theirs"]["vessel radius"]
    assert radius["ks"]["low"] > 2 * radius["halves_ks"]["high"]
    assert "NOT MET" in capsys.readouterr().out


@pytest.mark.parametrize("program", ["realism", "graphs"])
def test_without_samples_there_is_no_report(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if program == "graphs":
        for module in ("skan", "sknw"):
            pytest.importorskip(module)
    main: ModuleType = __import__(program)
    monkeypatch.delenv("GFTCORE_OCTA_SYNTHETIC", raising=False)
    monkeypatch.setattr(sys, "argv", [f"{program}.py"])
    with pytest.raises(SystemExit) as stopped:
        main.exit_with(main.main)
    assert stopped.value.code == 2


def test_graphs_of_generated_eyes_meet_the_goals_and_wrong_ones_do_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The program's own control, the turned graph, in the place of ours."""
    for module in ("skan", "sknw"):
        pytest.importorskip(module)
    import graphs
    import true_graphs

    eye = small_eye(3, side=1216)
    monkeypatch.setattr(true_graphs, "generated_eyes", lambda *_, **__: [eye])
    (sample,) = true_graphs.generated_samples(1, seed=1, label="Healthy")
    assert sample.truth.num_segments == len(eye.edges)
    length = np.linalg.norm((eye.edges.node1_xyz - eye.edges.node2_xyz)[:, :2], axis=1)
    np.testing.assert_allclose(sample.truth.segment_length_px, length * 1216, rtol=1e-9)

    def goals() -> dict[str, bool]:
        file = tmp_path / "graphs.json"
        words = ["graphs.py", "--eyes", "1", "--only-ours", "--json", str(file)]
        monkeypatch.setattr(sys, "argv", words)
        code = graphs.main()
        found = json.loads(file.read_text())
        assert not found["peers"]
        assert code == (0 if all(goal["met"] for goal in found["goals"]) else 1)
        return {f"{goal['extractor']} {goal['measure']}": goal["met"] for goal in found["goals"]}

    assert goals()["gftcore fast completeness"]
    chance = next(item.run for item in graphs.EXTRACTORS if item.name.startswith("chance"))
    wrong = [SimpleNamespace(name=o, run=chance, ours=True, peer=False) for o in graphs.OURS]
    monkeypatch.setattr(graphs, "EXTRACTORS", wrong)
    assert not any(met for name, met in goals().items() if "radius" not in name)
