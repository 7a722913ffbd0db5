"""How goals and premises are written for each family of retriever models. Pure text; no other module names a model.

Conventions are facts about the published models (their papers and model cards): ReProver (LeanDojo), LeanPremise
(premise selection for LeanHammer), Qwen3-Embedding, hpsearch. What we cannot give as the model was trained on is said
beside it: LeanPremise's goals are printed without notation, ours as Lean prints them.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum

from attrs import frozen

from lean_sidekick.core.goals import Goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.premises.notations import NOTATIONS, SPOKEN
from lean_sidekick.premises.tokens import name_words, token_texts

WRITING_VERSION = 3
"""Raised when any format writes premises in another way; vectors of other writings are not used."""

_LEAN_TASK = "Given a Lean 4 proof state, retrieve Mathlib lemmas that help prove its goal"


class EncoderFormat(Enum):
    """The closed set of conventions."""

    REPROVER = "reprover"
    LEANPREMISE = "leanpremise"
    QWEN3 = "qwen3"
    HPSEARCH = "hpsearch"
    HPSEARCH_XS = "hpsearch-xs"
    PLAIN = "plain"
    WORDS = "words"


class TokenVector(Enum):
    """Which token vectors make the vector of a text, for models whose folder does not say it."""

    MEAN = "mean"
    LAST = "last"


@frozen(kw_only=True)
class Writing:
    """How one family writes; `max_tokens` cuts a text, in the model's own tokens (bytes for ByT5)."""

    goal: Callable[[Goal], str]
    premise: Callable[[Premise], str]
    words: Callable[[str], str]
    pooling: TokenVector = TokenVector.MEAN
    max_tokens: int = 512


@frozen(kw_only=True)
class KnownEncoder:
    """A published model by its name: its convention, and the model of its premises where that is another."""

    format: EncoderFormat
    premises: str | None = None


def declared(premise: Premise) -> str:
    """A premise as its source would begin: kind, name, binders and type, without a proof."""
    statement = premise.statement.strip()
    colon = "" if statement.startswith(("(", "{", "[", "⦃", ":")) else ": "
    return f"{premise.kind or 'theorem'} {premise.full_name} {colon}{statement}"


def mark_name(text: str, full_name: str) -> str:
    """ReProver's mark: the first place of the longest part of the name, from its end, becomes `<a>full name</a>`."""
    parts = full_name.split(".")
    for first in range(len(parts)):
        suffix = r"\.".join(f"«?{re.escape(part.strip('«»'))}»?" for part in parts[first:])
        if found := re.search(rf"(?<!\S){suffix}(?!\S)", text):
            return f"{text[: found.start()]}<a>{full_name}</a>{text[found.end() :]}"
    return text


def with_doc(premise: Premise) -> str:
    """LeanPremise's form: the doc string as Lean writes it, then the declaration."""
    doc = f"/-- {premise.doc.strip()} -/ " if premise.doc.strip() else ""
    return doc + declared(premise)


def in_words(text: str) -> str:
    """Lean text in words that an English encoder has seen: symbols by their names, names taken apart.

    Without it, MiniLM's tokenizer reads most symbols as unknown and `≠` as `=`.
    """
    found: list[str] = []
    for token in token_texts(text):
        if token in NOTATIONS:
            found.append(NOTATIONS[token][1])
        else:
            found += name_words(token) or (token,)
    return " ".join(found)


def in_english(text: str) -> str:
    """Lean text as a person would read it aloud: `in_words`, with what names abbreviate spelled out.

    An encoder that has read English alone knows `commutative` and not `comm`: for sentences it finds half as much again
    by this writing (measured; docs/decisions).
    """
    return " ".join(SPOKEN.get(word, word) for word in in_words(text).split())


def goal_first(goal: Goal) -> str:
    """The target, then what is known."""
    return "\n".join([goal.target, *(f"{' '.join(h.names)} : {h.type}" for h in goal.hypotheses)])


def _said(premise: Premise, write: Callable[[str], str]) -> str:
    doc = f" . {premise.doc.strip()}" if premise.doc.strip() else ""
    return f"{write(premise.full_name)} : {write(premise.statement)}{doc}"


_PLAIN = Writing(goal=lambda goal: goal.text, premise=declared, words=lambda text: text)
WRITING: Mapping[EncoderFormat, Writing] = {
    EncoderFormat.PLAIN: _PLAIN,
    EncoderFormat.REPROVER: Writing(
        goal=lambda goal: goal.text,
        premise=lambda premise: mark_name(declared(premise), premise.full_name),
        words=lambda text: text,
        max_tokens=1024,
    ),
    EncoderFormat.LEANPREMISE: Writing(goal=lambda goal: goal.text, premise=with_doc, words=lambda text: text),
    EncoderFormat.QWEN3: Writing(
        goal=lambda goal: f"Instruct: {_LEAN_TASK}\nQuery:{goal.text}",
        premise=declared,
        words=lambda text: (
            f"Instruct: Given a mathematical question, retrieve Lean 4 theorems that answer it\nQuery:{text}"
        ),
        pooling=TokenVector.LAST,
        max_tokens=2048,
    ),
    EncoderFormat.HPSEARCH: Writing(
        goal=lambda goal: f"Instruct: {_LEAN_TASK}\nQuery: {goal.text}",
        premise=declared,
        words=lambda text: f"Instruct: {_LEAN_TASK}\nQuery: {text}",
        pooling=TokenVector.LAST,
        max_tokens=2048,
    ),
    EncoderFormat.HPSEARCH_XS: Writing(
        goal=lambda goal: in_words(goal_first(goal)),
        premise=lambda premise: _said(premise, in_words),
        words=in_words,
    ),
    EncoderFormat.WORDS: Writing(
        goal=lambda goal: in_english(goal_first(goal)),
        premise=lambda premise: _said(premise, in_english),
        words=in_english,
        max_tokens=256,
    ),
}

KNOWN_ENCODERS: Mapping[str, KnownEncoder] = {
    "sentence-transformers/all-MiniLM-L6-v2": KnownEncoder(format=EncoderFormat.WORDS),
    "kaiyuy/leandojo-lean4-retriever-byt5-small": KnownEncoder(format=EncoderFormat.REPROVER),
    "l3lab/all-distilroberta-v1-lr2e-4-bs256-nneg3-ml-ne2": KnownEncoder(format=EncoderFormat.LEANPREMISE),
    "Qwen/Qwen3-Embedding-0.6B": KnownEncoder(format=EncoderFormat.QWEN3),
    "Qwen/Qwen3-Embedding-4B": KnownEncoder(format=EncoderFormat.QWEN3),
    "Qwen/Qwen3-Embedding-8B": KnownEncoder(format=EncoderFormat.QWEN3),
    "hmzprover/hpsearch-embed-4b-state": KnownEncoder(
        format=EncoderFormat.HPSEARCH, premises="hmzprover/hpsearch-embed-4b"
    ),
    "hmzprover/hpsearch-embed-4b-state-v3": KnownEncoder(
        format=EncoderFormat.HPSEARCH, premises="hmzprover/hpsearch-embed-4b"
    ),
    "hmzprover/hpsearch-embed-xs": KnownEncoder(format=EncoderFormat.HPSEARCH_XS),
}


def format_of(source: str, chosen: str) -> EncoderFormat:
    """The convention of a model: the chosen one ("" for none), else that of a known model, else plain text."""
    if chosen:
        return EncoderFormat(chosen)
    known = KNOWN_ENCODERS.get(source)
    return EncoderFormat.PLAIN if known is None else known.format
