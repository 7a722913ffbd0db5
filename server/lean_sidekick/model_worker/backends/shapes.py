"""Models of known shapes with random weights: to begin training with, to measure speed with, to test with.

`python -m lean_sidekick.model_worker.backends.shapes SHAPE FOLDER` writes one. A model's speed does not depend on what
its weights are; what it says does.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    ByT5Tokenizer,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

_END, _PAD = "<|endoftext|>", "<|pad|>"
_PIECES = 1_000
_QWEN_VOCABULARY = 152_064


def _byt5(d_model: int, d_ff: int, encoder: int, decoder: int, heads: int, d_kv: int = 64) -> Callable[[int], T5Config]:
    def config(_pieces: int) -> T5Config:
        return T5Config(
            vocab_size=384,
            d_model=d_model,
            d_kv=d_kv,
            d_ff=d_ff,
            num_layers=encoder,
            num_decoder_layers=decoder,
            num_heads=heads,
            feed_forward_proj="gated-gelu",
            decoder_start_token_id=0,
            pad_token_id=0,
            eos_token_id=1,
        )

    return config


def _qwen(
    size: int, inner: int, layers: int, heads: int, kv_heads: int, vocabulary: int | None = None, tied: bool = True
) -> Callable[[int], Qwen2Config]:
    def config(pieces: int) -> Qwen2Config:
        return Qwen2Config(
            vocab_size=vocabulary or pieces,
            hidden_size=size,
            intermediate_size=inner,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=kv_heads,
            max_position_embeddings=4096,
            tie_word_embeddings=tied,
        )

    return config


SHAPES: Mapping[str, Callable[[int], Any]] = {
    "byt5-mini": _byt5(192, 512, 4, 2, 4, d_kv=48),
    "byt5-small": _byt5(1472, 3584, 12, 4, 6),
    "decoder-mini": _qwen(192, 512, 4, 4, 4),
    "decoder-1.5b": _qwen(1536, 8960, 28, 12, 2, _QWEN_VOCABULARY),
    "decoder-7b": _qwen(3584, 18944, 28, 28, 4, _QWEN_VOCABULARY, tied=False),
}
"""ByT5 and Qwen2 shapes; those with a size are the published ones, a `mini` has a few million weights."""


def write_model(shape: str, folder: Path, texts: Sequence[str], seed: int, dtype: torch.dtype = torch.float32) -> None:
    """Writes a model of a shape with random weights, and its tokenizer; a decoder's learns its pieces from `texts`."""
    is_byt5 = shape.startswith("byt5")
    tokenizer: Any = ByT5Tokenizer() if is_byt5 else byte_pairs(texts)
    config = SHAPES[shape](len(tokenizer))
    if not is_byt5:
        config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    torch.manual_seed(seed)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        model = T5ForConditionalGeneration(config) if is_byt5 else Qwen2ForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def byte_pairs(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer whose pieces were learned from some texts: every text can be written with it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_PIECES,
        special_tokens=[_END, _PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=_END, pad_token=_PAD)


def main(arguments: Sequence[str]) -> int:
    """Writes the model that the arguments name, in bf16 where it is large."""
    shape, folder, *texts = arguments
    is_large = shape.endswith("b")
    write_model(shape, Path(folder), texts or [""], seed=0, dtype=torch.bfloat16 if is_large else torch.float32)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
