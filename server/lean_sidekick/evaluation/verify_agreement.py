"""`bench verify --statements`: do the fast ways say what one-by-one checking says?

At every statement of a set, the program's own candidates and a list of tactics are checked three times: in blocks, by
the in-document runner, and one by one (the candidate alone in its place, its goals printed). A verdict is the kind of
outcome with the goals left; a parse error and a failure are one. Where one side timed out nothing is contradicted,
since a time-out is no verdict; how many there were is counted. Figures of speed are `verify_run`'s business.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable

from attrs import define, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.evaluation.items import Item
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.merge import default_generator
from lean_sidekick.verify.runner import RunnerVerifier

_NO_VERDICT = (OutcomeKind.TIMED_OUT, OutcomeKind.CRASHED)
_SITE_S = 600.0
_ITEMS_A_DOCUMENT = 25


@frozen(kw_only=True)
class Contradiction:
    """A verdict that one-by-one checking contradicts."""

    item: str
    way: str
    candidate: str
    said: str
    alone: str


@define
class Agreement:
    """The comparison on one verifier, which it has for itself; ends after `checks` checks of the fast ways."""

    verifier: RunnerVerifier
    tactics: tuple[str, ...]
    checks: int
    on_item: Callable[[Item, int], None]
    contradictions: list[Contradiction] = field(factory=list, init=False)
    _counts: Counter[str] = field(factory=Counter, init=False)

    async def run(self, items: Iterable[Item], folder_uri: str) -> dict[str, object]:
        """Compares at the items in turn until there are enough checks."""
        statements = 0
        for number, item in enumerate(items):
            if self._counts["checks"] >= self.checks:
                break
            # Items take turns in few documents: loading the runner once more for each would take most of the time.
            await self._compare(item, f"{folder_uri}/Items{number // _ITEMS_A_DOCUMENT}.lean")
            if number % _ITEMS_A_DOCUMENT == _ITEMS_A_DOCUMENT - 1:
                await self.verifier.close_document(f"{folder_uri}/Items{number // _ITEMS_A_DOCUMENT}.lean")
            statements += 1
            self.on_item(item, self._counts["checks"])
        counts = self._counts
        return {
            "statements": statements,
            "checks": counts["checks"],
            "checks_one_by_one": counts["alone"],
            "contradicted": len(self.contradictions),
            "without_verdict": counts["no verdict"],
            "outcomes": {kind.value: counts[kind.value] for kind in OutcomeKind if counts[kind.value]},
        }

    async def _compare(self, item: Item, uri: str) -> None:
        (site, *_) = find_holes(item.text, uri, 1)
        session = await self.verifier.open(site)
        try:
            budget = Budget(seconds=_SITE_S, checks=1_000_000)
            goals = (await session.site_state(budget)).state.goals
            if not goals:
                raise InputError(f"{item.name} has no goal.")
            await session.warm()
            texts = [c.text for c in await default_generator().generate(TacticRequest(goal=goals[0]))]
            candidates = [
                Candidate(text=text, source=Source.PORTFOLIO, score=0.0)
                for text in dict.fromkeys([*texts, *self.tactics])
            ]
            alone = await _collected(session.plain.check_one_by_one((), candidates, budget))
            blocks = await _collected(session.plain.check((), candidates, budget))
            runner = await _collected(session.check((), candidates, budget))
        finally:
            await session.close()
        self._counts["alone"] += len(alone)
        for way, found in (("blocks", blocks), ("runner", runner)):
            for text, outcome in found.items():
                self._count(item, way, text, outcome, alone[text])

    def _count(self, item: Item, way: str, text: str, outcome: Outcome, alone: Outcome) -> None:
        self._counts["checks"] += 1
        self._counts[outcome.kind.value] += 1
        if outcome.kind in _NO_VERDICT or alone.kind in _NO_VERDICT:
            self._counts["no verdict"] += 1
        elif is_contradicted(outcome, alone):
            said, other = ("; ".join([o.kind.value, *(goal.text for goal in o.goals)]) for o in (outcome, alone))
            self.contradictions.append(Contradiction(item=item.name, way=way, candidate=text, said=said, alone=other))


def is_contradicted(said: Outcome, alone: Outcome) -> bool:
    """Whether one-by-one checking gave another verdict; where either gave none, it did not."""
    if said.kind in _NO_VERDICT or alone.kind in _NO_VERDICT:
        return False
    return _verdict(said) != _verdict(alone)


def _verdict(outcome: Outcome) -> tuple[OutcomeKind, tuple[str, ...]]:
    kind = OutcomeKind.FAILED if outcome.kind is OutcomeKind.PARSE_ERROR else outcome.kind
    return kind, tuple(goal.normal_form() for goal in outcome.goals)


async def _collected(outcomes: AsyncGenerator[CheckedCandidate, None]) -> dict[str, Outcome]:
    return {checked.candidate.text: checked.outcome async for checked in outcomes}
