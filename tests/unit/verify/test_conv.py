"""Candidates in a `conv` block are checked in their place, one at a time: nothing can be copied or admitted there.

The Leans at hand have no `conv`, so a scripted one answers as its source says.
"""

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.positions import TextMap
from lean_sidekick.engine.site_finder import find_site
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.merge import default_generator
from lean_sidekick.verify.dialect import dialect_of
from lean_sidekick.verify.policy import Policy
from lean_sidekick.verify.runner import RunnerVerifier
from lean_sidekick.verify.shadow import Limits, ShadowSession, ShadowVerifier
from support.fake_documents import FakeServer, at, information

TEXT = "theorem a (x y : Nat) (h : x = y) : x + 0 = y + 0 := by\n  conv =>\n    lhs\n  simp [h]\n"
BEFORE = "x y : Nat\nh : x = y\n| x + 0"
AFTER = {
    "rw [h]": "x y : Nat\nh : x = y\n| y + 0",
    "skip": BEFORE,
    "rfl": "",
}


def conv_lean(text: str) -> list[Diagnostic]:
    """A Lean that runs the steps after `lhs`, prints the conv goal, and has nothing to say of what follows."""
    lines = text.split("\n")
    found, state = [information(len(lines) - 2, "Prop : Type")], None
    for number, line in enumerate(lines):
        words = line.strip().strip("()")
        if line.strip() == "lhs":
            state = BEFORE
        elif line.startswith("    ") and state is not None and words in AFTER:
            state = AFTER[words]
        elif line.strip() == "trace_state" and state is not None:
            found.append(information(number, state))
        elif line.startswith("    ") and state is not None:
            found.append(at(number, f"no such conv tactic: {words}"))
            return found
    if state == "" or "admit" in text:
        found.append(at(1, "the proof below no longer fits"))
    return found


async def open_session(server: FakeServer) -> ShadowSession:
    offset = TEXT.index("lhs") + 3
    site = find_site(TEXT, "file:///p/A.lean", 1, TextMap(TEXT).position(offset))
    verifier = ShadowVerifier(
        server=server,
        dialect=dialect_of(server.gates),
        policy=Policy(allow_programs=False, keep_commands=False, allowed_axioms=frozenset(), allow_listed_models=True),
        limits=Limits(batch_size=8, heartbeats=100, candidate_s=1.0, opening_s=1.0),
    )
    return await verifier.open(site)


def wanted(*texts: str) -> list[Candidate]:
    return [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]


def budget() -> Budget:
    return Budget(seconds=60, checks=100)


async def test_each_candidate_is_run_alone_after_the_step_before_it() -> None:
    server = FakeServer(lean=conv_lean)
    session = await open_session(server)
    assert (await session.site_state(budget())).state.goals == (parse_goal(BEFORE),)
    found = {
        c.candidate.text: c.outcome
        async for c in session.check((), wanted("rw [h]", "skip", "exact h", "sorry"), budget())
    }
    assert {text: outcome.kind for text, outcome in found.items()} == {
        "rw [h]": OutcomeKind.PROGRESS,
        "skip": OutcomeKind.NO_CHANGE,
        "exact h": OutcomeKind.FAILED,
        "sorry": OutcomeKind.REFUSED,
    }
    assert [goal.target for goal in found["rw [h]"].goals] == ["y + 0"]
    assert not any("refine" in text or "admit" in text for text in server.elaborated)
    assert any("    lhs\n    (rw [h])\n    trace_state\n  simp [h]\n" in text for text in server.elaborated)


async def test_a_step_is_confirmed_by_its_goals_and_a_finished_term_by_the_whole_declaration() -> None:
    session = await open_session(FakeServer(lean=conv_lean))
    assert (await session.confirm("rw [h]", budget())).kind is OutcomeKind.PROGRESS
    assert (await session.confirm("rfl", budget())).kind is OutcomeKind.FAILED, "what follows does not run any more"
    assert (await session.confirm("exact h", budget())).kind is OutcomeKind.FAILED


async def test_the_runner_leaves_conv_blocks_alone() -> None:
    server = FakeServer(lean=conv_lean)
    plain = await open_session(server)
    session = await RunnerVerifier(plain.verifier).open(plain.site)
    assert [c.outcome.kind async for c in session.check((), wanted("rw [h]"), budget())] == [OutcomeKind.PROGRESS]
    assert not any("LeanSidekick" in text for text in server.elaborated)


async def test_conv_goals_get_conv_steps_and_others_none() -> None:
    at_conv = await default_generator().generate(TacticRequest(goal=parse_goal(BEFORE)))
    texts = [candidate.text for candidate in at_conv]
    assert {"rw [h]", "rw [← h]", "simp", "arg 1", "congr"} <= set(texts)
    assert not any(text.startswith(("exact", "apply", "intro ", "cases")) for text in texts)
    relation = await default_generator().generate(TacticRequest(goal=parse_goal("x y : Nat\n| x = y")))
    assert {"lhs", "rhs"} <= {candidate.text for candidate in relation}
    elsewhere = await default_generator().generate(TacticRequest(goal=parse_goal("x y : Nat\nh : x = y\n⊢ x | y")))
    assert "lhs" not in {candidate.text for candidate in elsewhere}
