# SPDX-License-Identifier: Apache-2.0
"""A vision-language model of random weights, small enough for a test and complete for any program.

It is an Mllama, the architecture of Llama 3.2 Vision: a tokenizer made of a few sentences, a chat
template, an image processor that needs no torchvision, and a network of one or two layers a part.
Nothing is downloaded. What it writes is noise; what it is for is everything around a model.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["SENTENCES", "write_tiny_vlm"]

#: Of these the tokenizer is made, which splits other texts down to their bytes if need be.
SENTENCES = (
    "The image is an OCT angiography image of a right eye.",
    "Non-perfusion lies in the temporal quadrants, between the fovea and the arcades.",
    "The foveal avascular zone is enlarged, and the vessel density is low.",
    "Which stage of diabetic retinopathy does the image show: Healthy, NPDR or PDR?",
)
BEGIN, END, PAD = "<|begin_of_text|>", "<|eot_id|>", "<|finetune_right_pad_id|>"
IMAGE, HEAD, TAIL = "<|image|>", "<|start_header_id|>", "<|end_header_id|>"
SPECIAL = (BEGIN, END, PAD, HEAD, TAIL, "<|python_tag|>", IMAGE)
VOCABULARY = 320
#: One token in so many ends a reply, so that short replies and cut ones are both met.
ENDING = 16
TILE_PX, PATCH_PX, TILES = 28, 14, 2

TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|image|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|eot_id|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


def write_tiny_vlm(folder: Path, *, sentences: Iterable[str] = SENTENCES, seed: int = 0) -> None:
    """Write model, processor and chat template as ``from_pretrained`` reads them.

    Equal arguments give equal weights. Replies are drawn at random unless the request asks for
    temperature 0.
    """
    from transformers import MllamaProcessor

    tokenizer = _tokenizer(sentences)
    processor = MllamaProcessor(_image_processor(), tokenizer, chat_template=TEMPLATE)
    processor.save_pretrained(folder)
    _model(tokenizer, seed).save_pretrained(folder)


def _tokenizer(sentences: Iterable[str]) -> Any:
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = tokenizers.Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        # The image token comes last: the network has no output for it, as in the real models.
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL[:-1]),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(sentences, trainer)
    bpe.add_special_tokens([IMAGE])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
    )


def _image_processor() -> Any:
    from transformers import MllamaImageProcessorPil

    size = {"height": TILE_PX, "width": TILE_PX}
    return MllamaImageProcessorPil(size=size, max_image_tiles=TILES)


def _model(tokenizer: Any, seed: int) -> Any:
    import torch
    from transformers import GenerationConfig, MllamaConfig, MllamaForConditionalGeneration

    vocabulary = len(tokenizer) - 1  # without the image token
    config = MllamaConfig(
        vision_config={
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_global_layers": 1,
            "attention_heads": 2,
            "image_size": TILE_PX,
            "patch_size": PATCH_PX,
            "max_num_tiles": TILES,
            "supported_aspect_ratios": [[1, 1], [1, 2], [2, 1]],
            "intermediate_layers_indices": [0],
            "vision_output_dim": 32,  # of the last layer and of the one named above
        },
        text_config={
            "vocab_size": vocabulary,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "cross_attention_layers": [1],
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0},
            # Wide enough that tokens depend on what was read, not on the last token alone.
            "initializer_range": 0.5,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MllamaForConditionalGeneration(config).eval()
    for name, weight in model.named_parameters():
        # Closed when made, which would leave the image out.
        if name.endswith(("cross_attn_attn_gate", "cross_attn_mlp_gate")):
            weight.data.fill_(1.0)
    model.generation_config = GenerationConfig(
        do_sample=True,
        bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=[tokenizer.eos_token_id, *range(ENDING, vocabulary, ENDING)],
    )
    return model
