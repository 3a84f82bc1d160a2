# SPDX-License-Identifier: Apache-2.0
"""The model of random weights: complete for any program, and not blind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers", minversion="5")

from PIL import Image  # noqa: E402

from tiny_vlm import IMAGE, write_tiny_vlm  # noqa: E402

pytestmark = pytest.mark.vlm


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    write_tiny_vlm(out)
    return out


@pytest.fixture(scope="module")
def processor(folder: Path) -> Any:
    return transformers.AutoProcessor.from_pretrained(folder)


@pytest.fixture
def model(folder: Path) -> Any:
    return transformers.MllamaForConditionalGeneration.from_pretrained(folder).eval()


def asked(processor: Any, *seeds: int) -> Any:
    """A question about images of noise, as `transformers serve` puts it."""
    content: list[Any] = [{"type": "text", "text": "Which stage?"}]
    for seed in seeds:
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 40), dtype=np.uint8)
        content.append({"type": "image", "image": Image.fromarray(pixels)})
    return processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )


def logits(model: Any, inputs: Any) -> Any:
    with torch.no_grad():
        return model(**inputs).logits[0, -1]


def test_an_image_is_one_token(processor: Any) -> None:
    image = processor.tokenizer.convert_tokens_to_ids(IMAGE)
    for seeds in ((), (1,), (1, 2)):
        ids = asked(processor, *seeds)["input_ids"][0].tolist()
        assert ids.count(image) == len(seeds)


def test_any_text_survives_the_tokenizer(processor: Any) -> None:
    text = 'Ödem, 0.35 mm² \U0001f441\n\t{"pairs": []}'
    ids = processor.tokenizer(text)["input_ids"]
    assert len(ids) <= len(text.encode())
    assert processor.tokenizer.decode(ids) == text


def test_what_an_image_shows_changes_the_answer(processor: Any, model: Any) -> None:
    one, other = asked(processor, 1), asked(processor, 2)
    assert (logits(model, one) == logits(model, asked(processor, 1))).all()
    assert (logits(model, one) - logits(model, other)).abs().max() > 0.1
    # Negative control: the gates as they are when such a network is made.
    for name, weight in model.named_parameters():
        if name.endswith("_gate"):
            weight.data.zero_()
    assert (logits(model, one) == logits(model, other)).all()


def test_equal_seeds_equal_weights(folder: Path, tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    write_tiny_vlm(tmp_path / "same")
    write_tiny_vlm(tmp_path / "other", seed=1)
    assert (torch.random.get_rng_state() == before).all()
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        first = (folder / name).read_bytes()
        assert first == (tmp_path / "same" / name).read_bytes()
    other = (tmp_path / "other" / "model.safetensors").read_bytes()
    assert other != (folder / "model.safetensors").read_bytes()


def test_replies_end(processor: Any, model: Any) -> None:
    torch.manual_seed(0)
    inputs = asked(processor, 1)
    start = inputs["input_ids"].shape[-1]
    lengths = [model.generate(**inputs, max_new_tokens=64).shape[-1] - start for _ in range(8)]
    assert len(set(lengths)) > 1
    assert min(lengths) < 32
