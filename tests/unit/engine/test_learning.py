"""The engine's memory: what is accepted and read counts at once and in the next program, until it is forgotten."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import define, evolve, field

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.finished_proofs import FinishedProof
from lean_sidekick.core.goals import Goal, ProofState, parse_goal
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.positions import Position, TextEdit
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import DocumentText, Suggestion, SuggestionRound
from lean_sidekick.engine.cursor_search import SCORE
from lean_sidekick.engine.learning import Learner
from lean_sidekick.engine.site_finder import find_site
from lean_sidekick.storage.learned import LearnedStore
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.goal_shape import read_goal
from lean_sidekick.tactics.priors import corrected, family, situation
from lean_sidekick.verify.api import Priority, Session

GOAL = "a b : Nat\n⊢ weigh a b = weigh b a"
TEXT = "theorem t (a b : Nat) : weigh a b = weigh b a := by\n  weighing a\n\ntheorem u : True := by\n  sorry\n"
DOCUMENT = DocumentText(uri="file:///p/A.lean", version=1, text=TEXT)


@define
class Answering:
    """A verifier that knows the goals of finished proofs and nothing else; None is "not now"."""

    goals: Sequence[Goal | None] | None
    asked: list[str] = field(factory=list)

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> Session:
        raise NotImplementedError

    async def goals_before_steps(self, uri: str, text: str, proof: FinishedProof) -> Sequence[Goal | None] | None:
        self.asked.append(proof.declaration.label)
        return self.goals

    async def close(self) -> None:
        pass


def learner(path: Path | None = None) -> Learner:
    return Learner(project="p", store=None if path is None else LearnedStore(path=path))


async def offered(memory: Learner, goal: str = "x y : Nat\n⊢ weigh x y = weigh y x") -> dict[str, float]:
    request = TacticRequest(goal=parse_goal(goal), known_tactics=frozenset({"rfl"}))
    return {c.text: c.score for c in await memory.generator().generate(request)}


def shown(*tactics: str) -> SuggestionRound:
    site = find_site(TEXT, "file:///p/A.lean", 1, Position(4, 2))
    return SuggestionRound(
        site=site,
        state=ProofState(goals=(parse_goal(GOAL),)),
        suggestions=tuple(
            Suggestion(
                candidate=Candidate(text=text, source=Source.SHAPE, score=-1.0),
                outcome=Outcome(kind=OutcomeKind.CLOSED),
                goals_left=(),
                edit=TextEdit(start=site.start, end=site.end, new_text=text),
                effect="closes the goal",
                is_confirmed=True,
            )
            for text in tactics
        ),
        is_complete=True,
        checks=1,
        seconds=0.1,
        warning="",
    )


async def test_an_accepted_suggestion_is_offered_at_a_similar_goal_and_by_the_next_program(tmp_path: Path) -> None:
    memory = learner(tmp_path / "learned.sqlite3")
    assert "weighing y" not in await offered(memory)
    known = shown("weighing b", "simp")
    memory.accepted(known, known.suggestions[0])
    assert "weighing y" in await offered(memory)
    await memory.close()
    memory = learner(tmp_path / "learned.sqlite3")
    await memory.ready()
    assert "weighing y" in await offered(memory)
    await memory.close()


async def test_accepting_moves_the_scores_of_what_was_shown(tmp_path: Path) -> None:
    memory = learner()
    shape = read_goal(parse_goal(GOAL))
    known = shown("rfl", "simp")
    for _ in range(20):
        memory.accepted(known, known.suggestions[0])
    rfl, simp = (memory.tallies.correction((situation(shape), family(text, shape))) for text in ("rfl", "simp"))
    assert simp < 0 < rfl


async def test_an_accepted_proof_of_a_search_is_remembered_and_moves_no_scores() -> None:
    """Nothing was promised of it, and a tactic beside it may be its first one."""
    memory = learner()
    known = shown("weighing b\nrfl", "simp")
    found = known.suggestions[0]
    found = evolve(found, candidate=evolve(found.candidate, source=Source.SEARCH, score=SCORE))
    known = evolve(known, suggestions=(found, known.suggestions[1]))
    memory.accepted(known, found)
    assert "weighing y\nrfl" in await offered(memory)
    assert memory.tallies.tallies == {}
    memory.accepted(known, known.suggestions[1])
    assert [kind for _, kind in memory.tallies.tallies] == [family("simp", read_goal(parse_goal(GOAL)))]


async def test_what_was_promised_is_counted_as_it_was_before_these_tallies_corrected_it() -> None:
    """Otherwise a correction would wear itself off."""
    memory = learner()
    goal = parse_goal(GOAL)
    key = situation(read_goal(goal)), "rfl"
    memory.tallies.add(("other", "simp"), 50.0, 10.0)
    for _ in range(30):
        memory.count(goal, [("rfl", corrected(-1.0, memory.tallies.correction(key)), True)])
    tally = memory.tallies.tallies[key]
    assert tally.taken == 30
    assert tally.promised == pytest.approx(30 * math.exp(-1.0))


async def test_finished_proofs_are_read_once_and_again_when_they_change() -> None:
    memory = learner()
    verifier = Answering([parse_goal(GOAL)])
    assert await memory.read(DOCUMENT, verifier) == 1
    assert "weighing x" in await offered(memory)
    assert await memory.read(DOCUMENT, verifier) == 0
    assert verifier.asked == ["t"]
    edited = DocumentText(uri=DOCUMENT.uri, version=2, text=TEXT.replace("weighing a", "weighing b"))
    assert await memory.read(edited, verifier) == 1
    found = await offered(memory)
    assert "weighing y" in found
    assert len(memory.index) == 1


async def test_what_lean_cannot_say_now_is_asked_again_later() -> None:
    memory = learner()
    assert await memory.read(DOCUMENT, Answering(None)) == 0
    assert await memory.read(DOCUMENT, Answering([None])) == 0
    assert len(memory.index) == 0


async def test_forgetting_takes_all_of_it_back(tmp_path: Path) -> None:
    memory = learner(tmp_path / "learned.sqlite3")
    await memory.read(DOCUMENT, Answering([parse_goal(GOAL)]))
    known = shown("weighing b")
    memory.accepted(known, known.suggestions[0])
    assert await memory.forget()
    assert not {"weighing x", "weighing y"} & (await offered(memory)).keys()
    await memory.close()
    memory = learner(tmp_path / "learned.sqlite3")
    await memory.ready()
    assert len(memory.index) == 0
    assert memory.tallies.tallies == {}
    await memory.close()


async def test_nothing_is_lost_when_it_is_closed_before_it_was_used(tmp_path: Path) -> None:
    memory = learner(tmp_path / "learned.sqlite3")
    await memory.close()
