"""Steps inside a `conv` block: other tactics than elsewhere, at goals that print `| term`.

Which of them a Lean has is not learned: each is checked alone in its place, so an unknown one costs a check.
"""

from collections.abc import Sequence

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.scanner import words
from lean_sidekick.tactics.api import TacticGenerator, TacticRequest

_RELATIONS = words("= ↔ ≤ < ≥ > ≠ ∧ ∨ ∣ ∈ ⊆")
_CLOSING = {"rfl": -1.5, "simp": -1.0, "norm_num": -1.8, "ring_nf": -1.6, "dsimp": -2.5, "whnf": -3.5}
_REWRITES = 12
_LEMMAS = 16


@frozen
class Conversions:
    """Where to go in the term, what simplifies it, and rewriting with hypotheses and with lemmas of the file."""

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Candidates for a `conv` goal; none for another."""
        goal = request.goal
        if not goal.is_conv:
            return []
        found = list(_CLOSING.items())
        parts = goal.target.split()
        if any(relation in parts for relation in _RELATIONS):
            found += [("lhs", -0.8), ("rhs", -0.8)]
        if goal.target.startswith(("fun ", "λ ", "∀ ", "∃ ")):
            found += [("ext x", -0.6), ("intro x", -1.2)]
        if len(parts) > 1:
            found += [("congr", -1.4), ("arg 1", -1.6), ("arg 2", -1.6)]
        equations = [
            name for h in goal.hypotheses if any(sign in h.type for sign in ("=", "↔", "→", "∀")) for name in h.names
        ]
        for name in equations[-_REWRITES:]:
            found += [(f"rw [{name}]", -1.0), (f"rw [← {name}]", -1.5), (f"simp [{name}]", -2.0)]
        lemmas = [p.full_name for p in (*request.retrieved, *reversed(request.premises)) if " = " in p.statement]
        for name in list(dict.fromkeys(lemmas))[:_LEMMAS]:
            found += [(f"rw [{name}]", -2.0), (f"rw [← {name}]", -2.5)]
        candidates = [Candidate(text=text, source=Source.PORTFOLIO, score=score) for text, score in found]
        return sorted(candidates, key=lambda candidate: -candidate.score)


@frozen
class ByMode:
    """A generator of tactics, and one of `conv` steps for the goals of `conv` blocks."""

    tactics: TacticGenerator
    conversions: TacticGenerator

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Candidates of the one or of the other."""
        return await (self.conversions if request.goal.is_conv else self.tactics).generate(request)
