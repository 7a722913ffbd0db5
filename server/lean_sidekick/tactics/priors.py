"""What became of candidates before, by kind of tactic and shape of goal, as corrections of their scores.

A score says how likely a candidate is thought to bring a proof forward. A tally compares that with what happened: of
the candidates of one family at goals of one shape, how many were the step of the proof, against how many their scores
promised. The quotient, drawn towards that of the family alone where little was seen (a gamma prior on a rate), is
put on the odds of later scores. Two tables are used: one that comes with the program, fitted to the steps of a public
library (`priors.json` names it), and one of the user's own searches. Of the library only the difference between
shapes counts: how often its authors chose a tactic at all says more of their taste than of its success. No correction
is larger than `LIMIT`, so nothing disappears. Pure, but for reading the package's table.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources

from attrs import define, evolve, field, frozen

from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.terms import IDENTIFIER
from lean_sidekick.tactics.goal_shape import FALSE, ORDERS, RELATIONS, GoalShape, Nature, telescope

LIMIT = 0.7
"""The largest correction that one table makes, in natural logarithms."""
_DRAW = 4.0
"""How many promised steps the family's own quotient counts at one shape."""
_FAMILY_DRAW = 8.0
_SUREST = -0.001
_MIN_TAKEN = 2
"""Families met less often in the table of the library are left alone: a tactic may be younger than the library."""
TABLE = "priors.json"
_CARRIERS = frozenset({"Nat", "Int", "List", "Bool", "Option", "Prop", "Real"})
_ALIASES: Mapping[str, str] = {
    "rwa": "rw",
    "erw": "rw",
    "rewrite": "rw",
    "simp_rw": "rw",
    "intros": "intro",
    "rintro": "intro",
    "rcases": "cases",
    "obtain": "cases",
    "match": "cases",
    "refine'": "refine",
    "exacts": "exact",
    "simpa": "simp",
    "exfalso": "apply",
}
_BY_ARGUMENT = frozenset({"exact", "apply", "refine", "rw", "simp", "cases", "have"})


@frozen
class Tally:
    """How many steps of proofs the scores of some candidates promised, and how many of them were steps of proofs."""

    promised: float = 0.0
    taken: float = 0.0

    def plus(self, promised: float, taken: float) -> "Tally":
        """The tally with more seen."""
        return Tally(self.promised + promised, self.taken + taken)


Key = tuple[str, str]
"""A shape of goals and a family of tactics."""


@define
class Table:
    """Tallies by shape and family.

    `is_of_success` says that what was taken is what succeeded; otherwise it was somebody's choice, and only what
    differs between shapes is used.
    """

    tallies: dict[Key, Tally] = field(factory=dict)
    is_of_success: bool = field(default=True, kw_only=True)
    _families: dict[str, Tally] = field(factory=dict, init=False)
    _total: Tally = field(factory=Tally, init=False)

    def __attrs_post_init__(self) -> None:
        known, self.tallies = self.tallies, {}
        for key, tally in known.items():
            self.add(key, tally.promised, tally.taken)

    def add(self, key: Key, promised: float, taken: float) -> None:
        """Counts some more."""
        self.tallies[key] = self.tallies.get(key, Tally()).plus(promised, taken)
        self._families[key[1]] = self._families.get(key[1], Tally()).plus(promised, taken)
        self._total = self._total.plus(promised, taken)

    def clear(self) -> None:
        """Forgets everything."""
        self.tallies.clear()
        self._families.clear()
        self._total = Tally()

    def correction(self, key: Key) -> float:
        """The change of a candidate's odds as a logarithm, at most LIMIT either way; 0 where nothing was seen."""
        seen = self._families.get(key[1])
        if seen is None or self._total.taken <= 0:
            return 0.0
        usual = self._total.taken / self._total.promised
        family = (seen.taken + _FAMILY_DRAW * usual) / (seen.promised + _FAMILY_DRAW)
        here = self.tallies.get(key, Tally())
        rate = (here.taken + _DRAW * family) / (here.promised + _DRAW)
        return max(-LIMIT, min(LIMIT, math.log(rate / (usual if self.is_of_success else family))))


@frozen
class Priors:
    """The tables whose corrections count."""

    tables: tuple[Table, ...] = ()

    def corrected(self, shape: GoalShape, candidates: Iterable[Candidate]) -> list[Candidate]:
        """The candidates with corrected scores, in the given order."""
        if not self.tables:
            return list(candidates)
        here = situation(shape)
        found = []
        for candidate in candidates:
            key = here, family(candidate.text, shape)
            change = sum(table.correction(key) for table in self.tables)
            found.append(evolve(candidate, score=corrected(candidate.score, change)) if change else candidate)
        return found


def corrected(score: float, change: float) -> float:
    """A score whose odds are changed by a factor, given as its logarithm: what is nearly sure stays so.

    The change with the other sign takes it back.
    """
    chance = math.exp(min(score, _SUREST))
    return min(_SUREST, math.log(chance) + change - math.log1p(chance * math.expm1(change)))


def situation(shape: GoalShape) -> str:
    """The shape of a goal as priors know it: the top of its target, the type it is about, what hypotheses there are."""
    target = shape.target
    if telescope(target)[0]:
        top = "¬" if target.is_operator("¬", "≠") else "→"
    elif target == FALSE:
        top = "False"
    elif target.text in ORDERS:
        top = "≤"
    elif target.text in RELATIONS or target.is_operator("∧", "∨", "↔") or target.is_binder("∃"):
        top = target.text
    else:
        top = "other"
    carrier = shape.carrier if shape.carrier in _CARRIERS else "other" if shape.carrier else ""
    proofs = "h" if shape.proofs else ""
    if any(local.name.startswith("ih") for local in shape.proofs):
        proofs = "ih"
    return f"{top} {carrier} {proofs}".strip()


def family(text: str, shape: GoalShape) -> str:
    """The kind of a tactic: its first word, and what its first argument is (`rw hypothesis`, `cases data`)."""
    words = text.split()
    if not words:
        return ""
    head = _ALIASES.get(words[0], words[0])
    rest = text.strip()[len(words[0]) :]
    kind = head
    if head == "induction" and "generalizing" in words:
        kind = "induction generalizing"
    elif head in _BY_ARGUMENT:
        kind = f"{head} {_argument(rest, shape)}".strip()
    if head in ("rw", "simp") and "at" in words:
        kind = f"{head} at"
    return f"{kind} <;>" if "<;>" in words else kind


def _argument(rest: str, shape: GoalShape) -> str:
    bare = rest.lstrip(" [(←@")
    if not bare:
        return ""
    if bare.startswith("⟨") or bare.startswith("fun ") or bare.startswith("λ"):
        return "term"
    name = IDENTIFIER.match(bare)
    if name is None:
        return "term"
    first = name.group().partition(".")[0]
    local = next((one for one in shape.locals if one.name == first), None)
    if local is None:
        return "lemma"
    return "hypothesis" if local.nature is Nature.PROOF else "data"


@lru_cache(maxsize=1)
def shipped_table() -> Table:
    """The table that comes with the program."""
    text = resources.files("lean_sidekick.tactics").joinpath(TABLE).read_text(encoding="utf-8")
    return table_of(json.loads(text)["tallies"])


def table_of(rows: Sequence[tuple[str, str, float, float]]) -> Table:
    """A table of choices from rows of shape, family, promised, taken."""
    tallies = {(shape, kind): Tally(promised, taken) for shape, kind, promised, taken in rows}
    return Table(tallies, is_of_success=False)


def fitted_rows(table: Table) -> Iterator[tuple[str, str, float, float]]:
    """The rows of a table for shipping: without the families that were hardly ever taken."""
    taken: dict[str, float] = {}
    for (_, kind), tally in table.tallies.items():
        taken[kind] = taken.get(kind, 0.0) + tally.taken
    for (shape, kind), tally in sorted(table.tallies.items()):
        if taken[kind] >= _MIN_TAKEN:
            yield shape, kind, round(tally.promised, 3), round(tally.taken, 3)
