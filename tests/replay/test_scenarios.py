"""The engine against what a real Lean said when it was recorded: site, candidates, ranking, search, final check."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lean_sidekick.core.errors import NotRecorded
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import engine_on
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Verifier
from lean_sidekick.verify.recorded import RecordedVerifier
from lean_sidekick.verify.recording import Recording, read_recording
from support.scenarios import SCENARIOS, Scenario, ask

FILE = Path(__file__).parents[1] / "recordings" / "scenarios.jsonl"
CLOSES = "  -- closes the goal"
EXPECTED = {
    "a sorry tactic": "exact ⟨hp, hq⟩" + CLOSES,
    "an empty by": "exact h.2" + CLOSES,
    "a sorry term": "proved\nh.2",
    "an unfinished block with two goals": "exact hp  -- closes this goal, 1 goal left: ⊢ q",
    "an unfinished block is completed": "proved\napply And.intro\n· exact hp\n· exact hq",
    "a hole under a bullet": "proved\nconstructor\n· exact Or.inl hp\n· exact hr",
    "an alternative of an induction": "proved\ninduction n with\n| zero => rfl\n| succ n ih => ",
    "names outside the basic plane, and text that looks like a hole": "proved\nexact Or.inl h𝔭",
    "two holes of one declaration": "proved\napply And.intro\n{ exact hp }\n{ exact hq }",
    "nothing can be proved": "refine ",
    "a proof that takes two steps": "subst h\ncases hp with\n| inl hp1 => exact Or.inr hp1\n"
    "| inr hp1 => exact Or.inl hp1" + CLOSES,
    "an error above the hole": "InputError: Lean does not get as far as this place: unknown identifier 'nonsense'",
    "a lemma of the open file": "exact h (f 0)" + CLOSES,
    "the proof would need a sorry of somebody else": "proved_with_sorry\nexact helper f",
    "a cursor outside of any proof": "InputError: No tactic can stand here",
    "in an editor: suggest at suggest": "exact h.2  -- closes this goal, 1 goal left: ⊢ p",
    "in an editor: prove at suggest": "proved\napply And.intro\n· exact h.2\n· exact h.1",
    "in an editor: suggest at act": "exact Or.inr hq" + CLOSES,
    "in an editor: prove at act": "proved\nexact Or.inr hq",
    "in an editor: suggest at complete": "exact ⟨h.2.2, h.1⟩" + CLOSES,
    "in an editor: prove at complete": "proved\nexact ⟨h.2.2, h.1⟩",
    "in an editor: suggest at endless": "apply ",
    "in an editor: suggest at file": "exact fun hq => hp" + CLOSES,
    "in an editor: prove at file": "proved\nexact fun hq => hp",
    "in an editor: suggest at file, half done": "exact Or.inr hq" + CLOSES,
    "in an editor: prove at file, half done": "proved\nexact Or.inr hq",
    "in an editor: suggest at ghost": "exact h.2  -- closes this goal, 1 goal left: ⊢ p",
    "in an editor: prove at ghost": "proved\napply And.intro\n· exact h.2\n· exact h.1",
    "in an editor: suggest at ghost on a new line": "exact h.2  -- closes this goal, 1 goal left: ⊢ p",
    "in an editor: prove at ghost on a new line": "proved\napply And.intro\n· exact h.2\n· exact h.1",
    "in an editor: suggest at premises": "exact ⟨h.2, h.1⟩" + CLOSES,
    "in an editor: prove at premises": "proved\nexact ⟨h.2, h.1⟩",
    "in an editor: a use of a lemma of the open file": "exact swap_and _ _ (by assumption)" + CLOSES,
}


def engine_from(recording: Recording) -> ProjectEngine:
    async def start() -> Verifier:
        return RecordedVerifier(recording)

    return engine_on(start, Settings())


@pytest.fixture
async def engine() -> AsyncIterator[ProjectEngine]:
    engine = engine_from(read_recording(FILE))
    yield engine
    await engine.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
async def test_the_recorded_answer(scenario: Scenario, engine: ProjectEngine) -> None:
    answer = await ask(scenario, engine)
    assert answer.startswith(EXPECTED[scenario.name])


async def test_nothing_that_closes_a_goal_is_shown_for_what_cannot_be_proved(engine: ProjectEngine) -> None:
    scenario = next(s for s in SCENARIOS if s.name == "nothing can be proved")
    assert "closes" not in await ask(scenario, engine)


async def test_a_question_that_was_never_recorded_is_an_error() -> None:
    engine = engine_from(Recording(lean="Lean 4"))
    try:
        answer = await ask(SCENARIOS[0], engine)
    finally:
        await engine.close()
    assert answer.startswith(NotRecorded.__name__)
    assert "make record" in answer


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    recording = read_recording(FILE)
    recording.write(tmp_path / "copy.jsonl")
    assert (tmp_path / "copy.jsonl").read_bytes() == FILE.read_bytes()


def test_changed_verdicts_are_named() -> None:
    old, new = Recording(lean="a"), Recording(lean="a")
    key = ("check", "site", "", "simp")
    old.put(key, {"outcome": "failed"})
    new.put(key, {"outcome": "closed"})
    assert new.changes_since(old) == ["check `simp` after nothing (site site): failed -> closed"]
    assert new.changes_since(new) == []
