"""A tactic that was used at one goal, in the names of another.

The hypotheses that the tactic names are looked for in the new goal: by their place in the target, by their type, and
last by their name. Where one has no likeness there is no answer. Names that the tactic itself introduces are kept,
unless they are in use. A guess from text alone: whether it fits is for Lean to say. Pure.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from lean_sidekick.core.goals import INACCESSIBLE_MARK
from lean_sidekick.core.scanner import KEYWORDS
from lean_sidekick.core.terms import IDENTIFIER, Shape, Term, atom, substitute
from lean_sidekick.tactics.features import abstract, local_labels
from lean_sidekick.tactics.goal_shape import GoalShape, Local, Nature
from lean_sidekick.tactics.names import Names

_SAME_STATEMENT = 8
_SAME_TYPE = 4
_SAME_HEAD = 1
_SAME_NAME = 1
_SAME_PLACE = 3
_MIN_LIKENESS = 2
_MAX_WAYS = 3
_CLOSE = 3
"""How much less alike another way may be to be tried as well."""
_NAME = re.compile(rf"(?<![\w.'!?✝«»]){IDENTIFIER.pattern}")
_BOUND_AFTER = re.compile(
    r"(?<![\w.])(?:intros?|rintro|fun|λ|obtain|with|funext|ext|rename_i|by_cases|by_contra|generalizing)(?![\w.'])"
    r"([^:=\n]*)|\|([^|\n]*?)=>|(?<![\w.])(?:have|let)\s+([^:=\n]*?)\s*(?=:)"
)
_TAKES_A_NAME = frozenset(
    {"induction", "cases", "subst", "injection", "clear", "revert", "rcases", "obtain", "generalizing"}
)


def renamings(tactic: str, old: GoalShape, new: GoalShape) -> list[str]:
    """The tactic, used at `old`, in the names of `new`, likeliest first: several ways where hypotheses are alike, none
    where one has no counterpart."""
    names = set(_NAME.findall(tactic))
    spoken = names | {name.partition(".")[0] for name in names}
    if INACCESSIBLE_MARK in tactic or any(name in old.taken and name not in old.types for name in spoken):
        return []  # it names something whose name cannot be typed, or that is hidden by another
    used = [local for local in old.locals if local.name in spoken]
    takes_names = not _TAKES_A_NAME.isdisjoint(tactic.split())
    found = []
    for values in _counterparts(used, old, new, takes_terms=not takes_names):
        fresh = Names(new.taken | set(values.values()))
        for name in _introduced(tactic):
            if name not in old.taken and name in new.taken:
                values.setdefault(name, fresh.fresh(name))
        found.append(put_names(tactic, values))
    return list(dict.fromkeys(found))


def put_names(text: str, values: Mapping[str, str]) -> str:
    """A text with other names, or terms, in the place of some; `h.left` counts as `h`."""

    def name(match: re.Match[str]) -> str:
        first, dot, rest = match.group().partition(".")
        if match.group() in values:
            return values[match.group()]
        return values.get(first, first) + dot + rest

    return _NAME.sub(name, text)


def _introduced(tactic: str) -> Iterator[str]:
    """Names that the tactic gives to what it introduces, as far as its words show."""
    for match in _BOUND_AFTER.finditer(tactic):
        for name in _NAME.findall(" ".join(filter(None, match.groups()))):
            if "." not in name and name not in KEYWORDS:
                yield name


def _counterparts(used: list[Local], old: GoalShape, new: GoalShape, *, takes_terms: bool) -> list[dict[str, str]]:
    """Ways to put a hypothesis of the new goal, or a term of it, for each of the old one; likeliest first."""
    places = _places(old, new)
    ways: list[tuple[int, dict[str, str]]] = [(0, {})]
    # Data first: what statements are about decides which statements are alike.
    for local in sorted(used, key=lambda one: one.nature is Nature.PROOF):
        longer = []
        for score, values in ways:
            options = {
                other.name: likeness
                for other in new.locals
                if other.nature is local.nature
                and other.name not in values.values()
                and (likeness := _likeness(local, other, old, new, values, places)) >= _MIN_LIKENESS
            }
            term = _term_at(local, places, new) if takes_terms else None
            if term is not None and (not options or not places[local.name, max(options, key=options.__getitem__)]):
                options = {term: _SAME_TYPE}
            longer += [(score + likeness, {**values, local.name: name}) for name, likeness in options.items()]
        ways = sorted(longer, key=lambda way: -way[0])[:_MAX_WAYS]
    return [values for score, values in ways if score >= ways[0][0] - _CLOSE]


def _likeness(
    local: Local,
    other: Local,
    old: GoalShape,
    new: GoalShape,
    values: Mapping[str, str],
    places: Counter[tuple[str, str]],
) -> int:
    heads = local.type.head, other.type.head
    if local.nature is not Nature.PROOF and heads[0] != heads[1] and not old.taken.union(new.taken).intersection(heads):
        return 0  # a list is no number, wherever it stands
    score = _SAME_NAME if local.name == other.name else 0
    score += _SAME_PLACE * min(places[local.name, other.name], 2)
    if local.nature is Nature.PROOF:
        expected = substitute(local.type, {name: atom(value) for name, value in values.items()})
        if expected.alpha_key == other.type.alpha_key:
            return score + _SAME_STATEMENT
    if abstract(local.type, local_labels(old)) == abstract(other.type, local_labels(new)):
        return score + _SAME_TYPE
    return score + (_SAME_HEAD if local.type.head == other.type.head else 0)


def _places(old: GoalShape, new: GoalShape) -> Counter[tuple[str, str]]:
    """How often a variable of the old target stands where a part of the new one does."""
    found: Counter[tuple[str, str]] = Counter()
    waiting: list[tuple[Term, Term]] = [(old.target, new.target)]
    while waiting:
        before, now = waiting.pop()
        if before.shape is Shape.ATOM and before.text in old.types:
            found[before.text, now.rendered] += 1
        elif before.shape is now.shape and before.text == now.text and len(before.args) == len(now.args):
            waiting += zip(before.args, now.args, strict=True)
    return found


def _term_at(local: Local, places: Counter[tuple[str, str]], new: GoalShape) -> str | None:
    """The term that stands most often where an element of the old goal stood; in parentheses where it needs them."""
    if local.nature is Nature.PROOF:
        return None
    seen = [(count, -len(text), text) for (name, text), count in places.items() if name == local.name]
    if not seen:
        return None
    text = max(seen)[2]
    if INACCESSIBLE_MARK in text or "⋯" in text:
        return None
    return text if IDENTIFIER.fullmatch(text) or text.isdecimal() else f"({text})"
