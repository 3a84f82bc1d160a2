# SPDX-License-Identifier: Apache-2.0
"""Images to explanations: answers of staging, contributions of the graph alone, JSON, refusals.

Exactness: everything is equal, bit for bit, alone, among others and for any number of threads.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_eyes import drawn_files, drawn_image, untrained
from gftcore import attribution, graph, io, pipeline
from gftcore.attribution import MAP_KEEP, integrated_gradients
from gftcore.errors import ArgumentError, ArgumentTypeError, GftcoreWarning, ShapeError
from gftcore.graph import ExtractFailure
from gftcore.model import FeatureSet, Model, ModelConfig, initial_weights
from gftcore.pipeline import ExplainConfig, ExplainedImage, explain_graph, explain_images

NETWORK = untrained(grey=True, record={"data": "synthetic"})


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return drawn_files(tmp_path, 3)


def explained(*args: Any, **options: Any) -> list[Any]:
    return list(explain_images(*args, **options))


def text(said: ExplainedImage) -> str:
    return json.dumps(said.document(image_id="x"), sort_keys=True, allow_nan=False)


def test_answers_are_those_of_staging_and_of_the_graph_alone(files: list[Path]) -> None:
    staged = list(pipeline.stage_images(files, NETWORK))
    for said, one, file in zip(explained(files, NETWORK), staged, files, strict=True):
        assert said.staged.logits.tobytes() == one.logits.tobytes()
        assert (said.staged.name, said.staged.source) == (str(file), one.source)
        assert (said.staged.pixels == io.read_image(file)).all()
        made = graph.extract_image(io.read_image(file))
        (found,) = integrated_gradients(NETWORK, [made], of="both")
        assert said.attribution.target == found.target == one.prediction
        for mine, other in ((said.attribution.nodes, found.nodes),):
            assert mine is not None
            assert other is not None
            for t, values in other.contribution.items():
                assert mine.contribution[t].tobytes() == values.tobytes()
        assert said.selection == attribution.select(found, made, NETWORK)
        assert set(said.seconds) == {*one.seconds, "attribution", "selection"}
        assert all(seconds >= 0 for seconds in said.seconds.values())


def test_alone_among_others_and_in_any_number_of_threads(files: list[Path]) -> None:
    alone = [explained([file], NETWORK, threads=1)[0] for file in files]
    pictures = [said.picture().tobytes() for said in alone]
    for threads in (1, 2, 3):
        for said, wanted, picture in zip(
            explained(files, NETWORK, threads=threads), alone, pictures, strict=True
        ):
            assert text(said) == text(wanted)
            assert said.picture().tobytes() == picture


def test_a_graph_gives_what_its_image_gives(files: list[Path]) -> None:
    image = io.read_image(files[0])
    made = graph.extract_image(image, keep=MAP_KEEP).with_source(sha256=io.file_sha256(files[0]))
    said = explain_graph(made, NETWORK, pixels=image)
    (wanted,) = explained(files[:1], NETWORK)
    assert text(said) == text(wanted)
    assert said.picture().tobytes() == wanted.picture().tobytes()
    (from_array,) = explained([image], NETWORK)
    assert from_array.picture().tobytes() == wanted.picture().tobytes()
    assert from_array.staged.name == ""


@pytest.mark.parametrize(
    "config",
    [
        ExplainConfig(),
        ExplainConfig(target="PDR", n=5),
        ExplainConfig(kind="margin", target="Healthy", against="PDR", rtol=0.05),
        ExplainConfig(kind="prob", n=24, by="magnitude", nodes=3, edges={"vv": 2}, features=2),
        ExplainConfig(mass=0.5),
    ],
)
def test_the_document_says_it_all(files: list[Path], config: ExplainConfig) -> None:
    (said,) = explained(files[:1], NETWORK, config=config)
    document = json.loads(text(said))
    found, nodes, edges = said.attribution, said.attribution.nodes, said.attribution.edges
    assert nodes is not None
    assert edges is not None
    assert document["schema"] == "gftcore-explanation/1"
    assert "Not a medical device" in document["notice"]
    assert "trained on synthetic images" in document["notice"]
    assert document["statement"] == pipeline.STATEMENT
    assert document["image"]["sha256"] == io.file_sha256(files[0])
    assert document["image"]["image_id"] == "x"
    assert document["image"]["mask_rows"] == 384
    assert document["model_sha256"] == NETWORK.sha256
    assert document["options"] == json.loads(json.dumps(config.to_dict()))
    assert (document["target"], document["against"]) == (found.target, found.against)
    assert document["prediction"] == said.staged.prediction
    assert [document["probabilities"][name] for name in found.classes] == pytest.approx(
        said.staged.probabilities.tolist(), rel=1e-8
    )
    path = document["attribution"]
    assert (path["kind"], path["method"]) == (config.kind, "secant")
    for name, part in (("nodes", nodes), ("edges", edges)):
        assert path[name]["n"] == part.n
        assert path[name]["error"] == pytest.approx(part.error, rel=1e-8)
        assert path[name]["completeness_gap"] == pytest.approx(part.completeness_gap, rel=1e-8)
        sums = path[name]["by_type" if name == "nodes" else "by_relation"]
        assert sum(sums.values()) == pytest.approx(
            part.value_end - part.value_start + part.completeness_gap, rel=1e-6, abs=1e-9
        )
    assert len(document["nodes"]) == len(said.selection.nodes) > 0
    for entry, node in zip(document["nodes"], said.selection.nodes, strict=True):
        assert (entry["rank"], entry["type"], entry["id"]) == (node.rank, node.node_type, node.id)
        for name in ("contribution", "magnitude", "share", "row", "col"):
            assert entry[name] == pytest.approx(getattr(node, name), rel=1e-8)
        assert [f["name"] for f in entry["features"]] == [f.name for f in node.features]
        assert len(entry["features"]) <= config.features
    for entry, edge in zip(document["edges"], said.selection.edges, strict=True):
        assert (entry["relation"], entry["ends"]) == (edge.relation, list(edge.ends))
    assert document["selection"]["by"] == config.by
    assert str(files[0].parent) not in text(said)


def test_units_and_values_that_do_not_exist() -> None:
    features = {"vessel": FeatureSet(columns=("curveness", "length"), mean=(1, 5), sd=(1, 3))}
    settings = ModelConfig(features=features, hidden=8)
    network = Model(config=settings, weights=initial_weights(settings, seed=0))
    ring = np.zeros((40, 40), dtype=bool)
    ring[10:30, 10:30] = True
    ring[13:27, 13:27] = False
    said = explain_graph(
        graph.extract(ring), network, config=ExplainConfig(by="magnitude", target="PDR")
    )
    (node,) = json.loads(text(said))["nodes"]
    by_name = {feature["name"]: feature for feature in node["features"]}
    assert by_name["length"]["unit"] == "px"
    assert by_name["curveness"]["unit"] is None
    assert by_name["curveness"]["value"] is None
    assert by_name["curveness"]["standardised"] == 0
    # Without the images of the pixels there is no picture.
    with pytest.raises(ArgumentError, match="holds no vessel_label"):
        said.picture()


def test_the_same_again_is_equal_and_something_else_is_not(files: list[Path]) -> None:
    (one,) = explained(files[:1], NETWORK)
    (again,) = explained(files[:1], NETWORK)
    (other,) = explained(files[:1], NETWORK, config=ExplainConfig(n=8))
    assert text(one) == text(again)
    assert text(one) != text(other)
    assert ExplainConfig().hash == ExplainConfig(kind="logit").hash
    assert ExplainConfig().hash != ExplainConfig(n=8).hash


def test_graph_convolutions_have_no_edges_to_explain(files: list[Path]) -> None:
    vessels = {"vessel": NETWORK.config.features["vessel"]}
    config = ModelConfig(features=vessels, relations=("vv",), conv="gcn", hidden=8)
    network = Model(config=config, weights=initial_weights(config, seed=0))
    (said,) = explained(files[:1], network)
    document = said.document()
    assert document["attribution"]["edges"] is None
    assert (document["edges"], said.selection.edges) == ([], ())
    assert len(document["nodes"]) > 0


def test_a_bad_image_fails_alone_and_in_its_place(tmp_path: Path, files: list[Path]) -> None:
    (tmp_path / "bad.png").write_text("no image")
    io.write_image(tmp_path / "mask.png", drawn_image(0) > 100)
    images = [files[0], tmp_path / "bad.png", tmp_path / "mask.png", files[1]]
    results = explained(images, NETWORK, threads=2)
    kinds = [one.code if isinstance(one, ExtractFailure) else "ok" for one in results]
    assert kinds == ["ok", "FORMAT", "ARGUMENT", "ok"]
    assert text(results[3]) == text(explained([files[1]], NETWORK)[0])


def test_an_explanation_that_fails_does_not_stop_the_others(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = integrated_gradients

    def sometimes(model: Any, graphs: Any, **options: Any) -> Any:
        if graphs[0].meta.source["sha256"] == io.file_sha256(files[1]):
            raise MemoryError
        return real(model, graphs, **options)

    monkeypatch.setattr("gftcore.pipeline.explaining.integrated_gradients", sometimes)
    first, second, third = explained(files, NETWORK)
    assert isinstance(first, ExplainedImage)
    assert isinstance(third, ExplainedImage)
    assert isinstance(second, ExtractFailure)
    assert (second.index, second.code, second.message) == (1, "MemoryError", "not enough memory")
    assert second.name == str(files[1])


def test_an_empty_graph_is_told_at_the_caller(tmp_path: Path) -> None:
    io.write_image(tmp_path / "dark.png", np.zeros((40, 40), dtype=bool))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (said,) = explained([tmp_path / "dark.png"], untrained())
    assert [str(w.message).split(":")[0] for w in caught] == ["EMPTY_MASK", "NO_NODES"]
    assert {w.category for w in caught} == {GftcoreWarning}
    assert caught[1].filename == __file__
    assert said.document()["warnings"] == ["EMPTY_MASK", "NO_NODES"]
    assert said.picture().ndim == 3


def test_wrong_arguments_are_named_before_anything_is_read(files: list[Path]) -> None:
    calls: list[tuple[str, Any]] = [
        ("target must be one of", lambda: explain_images(files, NETWORK, config=_of(target="x"))),
        ("against must be another", lambda: explain_images(files, NETWORK, config=_both("PDR"))),
        ("images must be", lambda: explain_images(files[0])),
        ("model must be a Model", lambda: explain_images(files, "m")),  # type: ignore[arg-type]
        ("config must be an ExplainConfig", lambda: explain_images(files, config={})),  # type: ignore[arg-type]
        ("source must be", lambda: explain_images(files, source=3)),  # type: ignore[arg-type]
        ("threads must be", lambda: explain_images(files, threads=0)),
        ("graph must be", lambda: explain_graph(files)),  # type: ignore[arg-type]
        ("against needs kind 'margin'", lambda: _of(against="PDR")),
        ("n and rtol must not", lambda: _of(n=3, rtol=0.1)),
        ("n must be between", lambda: _of(n=0)),
        ("kind must be one of", lambda: _of(kind="logits")),
        ("by must be one of", lambda: _of(by="size")),
        ("mass must not be given together", lambda: _of(mass=0.5, nodes=3)),
        ("nodes must be one of", lambda: _of(nodes={"artery": 3})),
    ]
    for words, call in calls:
        with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
            call()
    made = graph.extract_image(drawn_image(0))
    with pytest.raises(ShapeError, match="pixels must have the mask's shape"):
        explain_graph(made, NETWORK, pixels=np.zeros((7, 7)))


def _of(**options: Any) -> ExplainConfig:
    return ExplainConfig(**options)


def _both(name: str) -> ExplainConfig:
    return ExplainConfig(kind="margin", target=name, against=name)
