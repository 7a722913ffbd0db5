"""Patterns with holes: `_ * (_ + _) = _`, `?a + ?b = ?b + ?a`, `List.map _ (_ ++ _)`.

A hole stands for any term, the same `?name` for the same term. A pattern is looked for in the conclusion first, then
in its parts, then in the hypotheses. Notation must agree as printed, since nothing here knows types; names must agree
in their last parts, so that `List.length (_ ++ _)` finds `(xs ++ ys).length` and an opened namespace hides nothing.
"""

import itertools
import operator
import re
from functools import lru_cache

import numpy as np
from attrs import evolve

from lean_sidekick.core.declarations import split_name
from lean_sidekick.core.term_reader import read_term
from lean_sidekick.core.terms import Shape, Term, atom, match, with_args
from lean_sidekick.premises.collection import Collection, Field
from lean_sidekick.premises.fields import without_fields
from lean_sidekick.premises.rankers import NOTHING, Array, Question, best
from lean_sidekick.premises.tokens import bound_types, conclusion, read_statement, scan

_HOLE = re.compile(r"(?<![\w.'])(_|\?[\w']*)(?![\w'])")
# Names of holes; no name that Lean prints begins so.
_MARK = "hole✝"
# Candidates that are read, those with the fewest other symbols first; reading one takes about a fifth of a millisecond.
_READ = 256
_KEPT_TERMS = 1024


class PatternRanker:
    """Premises with a part that the question's pattern matches; nothing for a question without holes."""

    name = "pattern"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if (pattern := read_pattern(question.text)) is None:
            return NOTHING
        candidates = _candidates(collection, question)
        found: list[tuple[int, int, int]] = []
        whole = 0
        for number in candidates.tolist():
            statement = collection.premise(number).statement
            quality = match_quality(pattern, statement)
            if quality is not None:
                found.append((quality, len(statement), number))
                whole += quality == 0
            if whole == limit:
                break  # nothing that is still to come can be better
        return np.array([number for _, _, number in sorted(found)[:limit]], dtype=np.int64)


def read_pattern(text: str) -> Term | None:
    """The pattern that a text shows, each `_` a hole of its own; None if there is no hole, or nothing but a hole."""
    if _HOLE.search(text) is None:
        return None
    numbers = itertools.count(1)

    def name(found: re.Match[str]) -> str:
        return _MARK + (str(next(numbers)) if found.group() in ("_", "?") else found.group()[1:])

    term = without_fields(read_term(_HOLE.sub(name, text.strip())), {})
    return None if term.shape in (Shape.ATOM, Shape.OPAQUE) else _shortened(term)


def match_quality(pattern: Term, statement: str) -> int | None:
    """0 if the pattern is the conclusion, 1 if it is a part of it, 2 if of a hypothesis; None if it is nowhere."""
    holes = frozenset(name for name in pattern.names if name.startswith(_MARK))
    whole = _read(statement)
    end, _ = conclusion(whole)
    wanted = [pattern, flipped] if (flipped := _flip(pattern)) is not None else [pattern]
    if any(match(one, end, holes, {}) is not None for one in wanted):
        return 0
    if any(match(one, part, holes, {}) is not None for part in _all_parts(end) for one in wanted):
        return 1
    if any(match(one, part, holes, {}) is not None for part in _all_parts(whole) for one in wanted):
        return 2
    return None


@lru_cache(maxsize=_KEPT_TERMS)
def _read(statement: str) -> Term:
    """A statement as a term, remembered: the next pattern that is typed has mostly the same candidates."""
    term = read_statement(statement)
    return _shortened(without_fields(term, bound_types(term)))


def _shortened(term: Term) -> Term:
    """The term with the last parts of names alone."""
    if term.shape is Shape.ATOM:
        is_dotted = "." in term.text and not term.text[0].isdigit()
        return atom(split_name(term.text)[-1]) if is_dotted else term
    if not term.args:
        return term
    args = tuple(map(_shortened, term.args))
    short = term if all(map(operator.is_, args, term.args)) else with_args(term, args)
    if term.variable_type is None or (kind := _shortened(term.variable_type)) is term.variable_type:
        return short
    return evolve(short, variable_type=kind)


def _flip(pattern: Term) -> Term | None:
    """The same with `a ≥ b` for `b ≤ a`: both are how people write it."""
    if pattern.shape is Shape.OPERATOR and pattern.text in (turned := {"≥": "≤", ">": "<", "≤": "≥", "<": ">"}):
        return evolve(pattern, text=turned[pattern.text], args=pattern.args[::-1])
    return None


def _all_parts(term: Term) -> list[Term]:
    """All parts of a term, those under binders and partial applications too."""
    found: list[Term] = []
    waiting = [term]
    while waiting and len(found) < 300:
        one = waiting.pop()
        found.append(one)
        waiting += one.args
        if one.variable_type is not None:
            waiting.append(one.variable_type)
    return found


def _candidates(collection: Collection, question: Question) -> Array:
    """The documents that have every symbol of the pattern, those with the fewest others first."""
    _, symbols = scan(_HOLE.sub(" ", question.text), {})
    # Of a name that counts whole and in short, the short one is asked for.
    short = sorted(symbol for symbol in symbols if "." not in symbol or symbol.rpartition(".")[2] not in symbols)
    hashes = collection.hashes(short)
    if not len(hashes):
        return NOTHING
    held = collection.scores(Field.SYMBOLS, hashes, np.ones(len(hashes)), counted=False)
    shared = collection.scores(Field.SYMBOLS, hashes, collection.rarity(Field.SYMBOLS, hashes), counted=False)
    scores = np.where(held >= len(hashes) - 0.5, 10_000.0 + shared - collection.totals(Field.SYMBOLS), 0)
    return best(scores, question.allowed, _READ)
