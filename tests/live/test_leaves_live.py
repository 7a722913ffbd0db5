"""Several places in one edit on a real Lean: what is settled together is what each place says alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.holes import find_holes
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Place, Session, Verifier

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

TEXT = "theorem t (p q r : Prop) (hp : p) (hq : q) (hr : r) : (p ∧ q) ∧ (p ∨ r) := by\n  sorry\n"
STEPS = [
    (),
    ("constructor",),
    ("constructor", "· admit"),
    ("constructor", "constructor", "· admit"),
    ("constructor", "· admit", "exact foo"),
]
TACTICS = (
    *("exact hp", "constructor", "exact ⟨hp, hq⟩", "simp", "assumption", "exact foo", "cases hp", "exact Or.inl hp"),
    *("simp_all", "rw [foo]", "apply Or.inr", "refine ⟨?_, ?_⟩", "exact (", "run_tac x"),
)


def budget() -> Budget:
    return Budget(seconds=60, checks=1000)


def candidates(texts: tuple[str, ...]) -> tuple[Candidate, ...]:
    return tuple(Candidate(text=text, source=Source.PORTFOLIO, score=-1.0) for text in texts)


@pytest_asyncio.fixture
async def verifier(real_lean: Path, tmp_path: Path) -> AsyncIterator[Verifier]:
    started = await start_verifier(tmp_path, Settings(lean_path=str(real_lean), candidate_time_limit_s=10.0))
    yield started
    await started.close()


async def alone(session: Session, place: Place) -> dict[str, object]:
    found = {}
    async for checked in session.check(place.steps, place.candidates, budget()):
        found[checked.candidate.text] = (checked.outcome.kind, checked.outcome.goals)
    return found


async def test_what_is_settled_together_is_what_each_place_says_alone(verifier: Verifier) -> None:
    session = await verifier.open(find_holes(TEXT, "file:///project/T.lean", 1)[0])
    places = [Place(steps=steps, candidates=candidates(TACTICS)) for steps in STEPS]
    together = await session.check_together(places, budget())
    for place, outcomes in zip(places, together, strict=True):
        expected = await alone(session, place)
        assert {text: (o.kind, o.goals) for text, o in outcomes.items()}.items() <= expected.items(), place.steps
    settled = [len(outcomes) for outcomes in together]
    assert min(settled[:4]) >= len(TACTICS) - 3, "all but what the policy refuses, at places that can be reached"
    assert settled[4] == 0, "where the way there fails nothing is settled"


async def test_a_candidate_that_does_not_parse_settles_nothing_wrongly(verifier: Verifier) -> None:
    session = await verifier.open(find_holes(TEXT, "file:///project/T.lean", 1)[0])
    places = [Place(steps=steps, candidates=candidates(("nonsense_tactic x", "exact hp"))) for steps in STEPS[:3]]
    together = await session.check_together(places, budget())
    for place, outcomes in zip(places, together, strict=True):
        expected = await alone(session, place)
        assert {text: (o.kind, o.goals) for text, o in outcomes.items()}.items() <= expected.items()
