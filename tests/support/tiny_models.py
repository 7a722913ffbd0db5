"""Tiny random models of the real architectures, written to a folder as a hub download would stand there.

Imports the model libraries, so that only tests marked `model` may use it.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizerFast,
    ByT5Tokenizer,
    GenerationConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    T5Config,
    T5EncoderModel,
    T5ForConditionalGeneration,
)

STATES = (
    "n : ℕ\n⊢ n + 0 = n",
    "p q : Prop\nhp : p\nhq : q\n⊢ p ∧ q",
    "α : Type u_1\nas : List α\n⊢ as.length = as.reverse.length",
)


def byt5(folder: Path, seed: int = 0) -> Path:
    """A ByT5 of two layers."""
    torch.manual_seed(seed)
    model = T5ForConditionalGeneration(_t5_config())
    model.save_pretrained(folder)
    ByT5Tokenizer().save_pretrained(folder)
    return folder


def large(folder: Path) -> Path:
    """An encoder-decoder of about 120 MB: enough to tell its weights from what else is in memory."""
    config = T5Config(vocab_size=384, d_model=512, d_ff=2048, num_layers=4, num_decoder_layers=4, num_heads=8)
    T5ForConditionalGeneration(config).save_pretrained(folder)
    ByT5Tokenizer().save_pretrained(folder)
    return folder


def byt5_encoder(folder: Path) -> Path:
    """The encoder of a ByT5, as ReProver's retriever has it."""
    torch.manual_seed(0)
    T5EncoderModel(_t5_config()).save_pretrained(folder)
    ByT5Tokenizer().save_pretrained(folder)
    return folder


def qwen(folder: Path, seed: int = 0, texts: Sequence[str] = STATES) -> Path:
    """A Qwen2 of two layers with a byte-pair tokenizer; its own settings would sample at temperature 0.7."""
    torch.manual_seed(seed)
    tokenizer = _byte_pairs(texts)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    model.generation_config = GenerationConfig(
        do_sample=True, temperature=0.7, top_k=2, top_p=0.5, repetition_penalty=1.3, eos_token_id=tokenizer.eos_token_id
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def reranker(folder: Path) -> Path:
    """A BERT that scores pairs."""
    torch.manual_seed(0)
    tokenizer = _letters(folder)
    BertForSequenceClassification(_bert_config(len(tokenizer), num_labels=1)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def sentence_encoder(folder: Path) -> Path:
    """A BERT as a folder of sentence-transformers has it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    torch.manual_seed(0)
    plain = folder / "plain"
    tokenizer = _letters(plain)
    config = _bert_config(len(tokenizer))
    BertModel(config).save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    model = SentenceTransformer(modules=[Transformer(str(plain)), Pooling(config.hidden_size)], device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


def _letters(folder: Path) -> BertTokenizerFast:
    """A tokenizer of single letters; its vocabulary is written to the folder."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789+=<>⊢:."]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join([*words, *(f"##{word}" for word in words[5:])]), encoding="utf-8")
    return BertTokenizerFast(str(folder / "vocab.txt"))


def _bert_config(vocabulary: int, **more: int) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        **more,
    )


def _t5_config() -> T5Config:
    return T5Config(
        vocab_size=384,
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )


def _byte_pairs(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|pad|>")
