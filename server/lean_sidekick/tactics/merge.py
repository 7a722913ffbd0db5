"""All model-free sources as one generator.

Scores are rough natural logarithms of the chance that a candidate brings the proof forward: -0.1 is a step that loses
nothing (`intro`), -1 about one in three, -3 one in twenty, -6 hardly ever. They are comparable across sources. What
cannot be typed (inaccessible names, cut-off terms) is dropped here, whatever source it came from.
"""

import asyncio
import re
from collections.abc import Sequence
from functools import cache

from attrs import evolve, field, frozen

from lean_sidekick.core.candidates import Candidate, deduplicate
from lean_sidekick.core.goals import INACCESSIBLE_MARK
from lean_sidekick.core.scanner import words
from lean_sidekick.tactics.api import TacticGenerator, TacticRequest
from lean_sidekick.tactics.applied import RECURSION, Applied
from lean_sidekick.tactics.arithmetic import ArithmeticArguments
from lean_sidekick.tactics.branches import Branches, branch_names
from lean_sidekick.tactics.case_splits import CaseSplits
from lean_sidekick.tactics.conversions import ByMode, Conversions
from lean_sidekick.tactics.core_lemmas import probe_names, table_names
from lean_sidekick.tactics.dialect import name_probe
from lean_sidekick.tactics.early_facts import EarlyFacts, fact_names
from lean_sidekick.tactics.families import Families
from lean_sidekick.tactics.functions import CHOICE, Functions
from lean_sidekick.tactics.generalization import Generalizations
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.hypotheses import Hypotheses
from lean_sidekick.tactics.inequalities import Inequalities
from lean_sidekick.tactics.lemmas import Lemmas
from lean_sidekick.tactics.portfolio import Cost, Portfolio, probe_texts, row_of
from lean_sidekick.tactics.priors import Priors, Table, shipped_table
from lean_sidekick.tactics.proof_terms import ProofTerms
from lean_sidekick.tactics.semiring import SemiringEquations, lemma_names
from lean_sidekick.tactics.shapes import Shapes
from lean_sidekick.tactics.simplification import REORDERING, Simplification, group_names
from lean_sidekick.tactics.transitivity import Transitivity, transitivity_names

CANDIDATE_LIMIT = 96
_UNTYPABLE = (INACCESSIBLE_MARK, "⋯", "?m.")
_INSTANT_HEADS = frozenset(
    words("""
    exact apply refine intro rintro constructor cases rcases obtain match injection subst left right exfalso
    have funext ext use by_cases by_contra unfold congr induction
    """)
)
_SLOW_HEADS = frozenset({"simp_all", "grind", "aesop"})
_CLOSERS = _SLOW_HEADS | {"simp", "norm_num", "ring_nf", "linarith", "omega", "field_simp", "push_cast", "norm_cast"}
_SPLITS = frozenset({"cases", "match", "obtain", "rcases"})
_SAFE_HEADS = _SPLITS | {"subst", "intro", "rintro"}
_RISKY_HEADS = frozenset(
    words("induction cases refine apply constructor have left right exists use by_cases by_contra exfalso")
)
_SAFE_ABOVE = -0.76
_WAITING = 1.2
_OPEN_CASE = re.compile(r"\| (\S+)[^|=]* => \?_")
_HEAVY_HEADS = frozenset({"nlinarith", "polyrith"})
_PLAIN_SOURCES: tuple[TacticGenerator, ...] = (
    ProofTerms(),
    SemiringEquations(),
    Inequalities(),
    Transitivity(),
    Portfolio(),
    Shapes(),
    CaseSplits(),
    Families(),
    Hypotheses(),
    Applied(),
    Functions(),
    Branches(),
    Simplification(),
    ArithmeticArguments(),
    Generalizations(),
    EarlyFacts(),
    Lemmas(),
)


@frozen
class MergedGenerator:
    """Several sources as one: best first, no repeated text, at most `limit` candidates; `priors` correct the scores."""

    sources: tuple[TacticGenerator, ...]
    limit: int
    priors: Priors = field(factory=Priors)

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Candidates of all sources, best first."""
        found: list[Candidate] = []
        for source in self.sources:
            found += await source.generate(request)
            # A source computes for some milliseconds without a pause; others may run in between.
            await asyncio.sleep(0)
        return merge(self.priors.corrected(read_goal(request.goal), safe_first(found)), self.limit)


def safe_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with lower scores for steps that may lead nowhere, where a step is there by which nothing is lost.

    What such a step leaves can be worked on by all the others, so that trying them here too would only be the same work
    in another order. Of two safe splits one waits for the same reason.
    """
    likely = [c for c in candidates if c.score > _SAFE_ABOVE]
    safe = [c for c in likely if _head(c.text) in _SAFE_HEADS or is_computation(c.text)]
    if not safe:
        return list(candidates)
    first = max(safe, key=lambda candidate: candidate.score)
    alike = _SPLITS if _head(first.text) in _SPLITS else {_head(first.text)}
    waits = {candidate.text for candidate in safe if _head(candidate.text) in alike} - {first.text}
    waits |= {c.text for c in candidates if _head(c.text) in _RISKY_HEADS and c not in safe}
    return [evolve(c, score=c.score - _WAITING) if c.text in waits else c for c in candidates]


def loses_nothing(candidate: Candidate) -> bool:
    """Whether what a candidate leaves can be proved where the goal can: it introduces, or takes apart."""
    return _head(candidate.text) in _SAFE_HEADS


def _head(text: str) -> str:
    return text.split(None, 1)[0] if text.split() else ""


def merge(candidates: Sequence[Candidate], limit: int) -> list[Candidate]:
    """The candidates that can be typed, without repeats, best first, cheap before dear where scores are equal."""
    usable = [c for c in candidates if not any(mark in c.text for mark in _UNTYPABLE)]
    order = list(Cost)
    ranked = sorted(deduplicate(usable), key=lambda c: (-c.score, order.index(cost_of(c.text))))
    best: dict[str, Candidate] = {}
    for candidate in ranked:
        # Two splits that differ in the names they give lead to the same goals.
        best.setdefault(_without_names(candidate.text), candidate)
    return list(best.values())[:limit]


def _without_names(text: str) -> str:
    """A split into cases that are all left open, without the names that it gives; any other text as it is."""
    return _OPEN_CASE.sub(r"| \1", text) if text.endswith("=> ?_") and "\n" not in text else text


def plain_generator() -> TacticGenerator:
    """All sources that need no model and learn nothing, with the scores that they give themselves."""
    return _by_mode(MergedGenerator(_PLAIN_SOURCES, CANDIDATE_LIMIT))


def default_generator(*learned: TacticGenerator, counts: Table | None = None) -> TacticGenerator:
    """All sources that need no model; `learned` are those that learn from the user, `counts` the user's own tallies.

    Uses the table of priors that comes with the program.
    """
    tables = (shipped_table(),) if counts is None else (shipped_table(), counts)
    return _by_mode(MergedGenerator((*_PLAIN_SOURCES, *learned), CANDIDATE_LIMIT, Priors(tables)))


def _by_mode(tactics: TacticGenerator) -> TacticGenerator:
    return ByMode(tactics=tactics, conversions=Conversions())


def vocabulary_probes() -> tuple[str, ...]:
    """All tactic texts whose answers decide what is offered: to be asked of a toolchain once."""
    others = (*RECURSION, CHOICE, *fact_names(), *transitivity_names())
    names = map(name_probe, (*group_names(), *lemma_names(), *branch_names(), *others))
    return tuple(dict.fromkeys([*probe_texts(), *probe_names(), *names]))


@cache
def library_names() -> frozenset[str]:
    """The lemmas of libraries that sources know by heart, in all spellings: what is left out to measure what lemmas
    are worth."""
    return frozenset((*group_names(), *lemma_names(), *branch_names(), *table_names()))


def progress_cost(candidate: Candidate) -> float:
    """What a candidate costs a search as a step that leaves goals, on the scale of minus its score.

    Tactics that end a goal or are of little use (`simp_all` and its kind forget things, `<;>` leaves what has
    no name) cost more than their score says.
    """
    head = candidate.text.split(None, 1)[0] if candidate.text.split() else ""
    if "<;>" in candidate.text:
        return 2.0 - candidate.score
    return (1.0 if head in _CLOSERS and not is_computation(candidate.text) else 0.0) - candidate.score


def is_computation(text: str) -> bool:
    """Whether a tactic only unfolds what it names: what it leaves is the same goal, longer as a rule."""
    return text.startswith("simp only [")


def cost_of(text: str) -> Cost:
    """What one check of a tactic text costs, as a rule."""
    row = row_of(text)
    if row is not None:
        return row.cost
    head = text.split(None, 1)[0] if text.split() else ""
    if "decide" in text or ("simp" in text and any(name in text for name in REORDERING)):
        return Cost.RISKY
    if "<;>" in text or head in _SLOW_HEADS or "simp_all" in text:
        return Cost.SLOW
    if head in _HEAVY_HEADS:
        return Cost.HEAVY
    return Cost.INSTANT if head in _INSTANT_HEADS else Cost.FAST
