"""The runner against a Lean that answers as it likes.

One outcome each, never a success without an answer, and the plain way whenever there is none.
"""

import asyncio
import json
import re
from collections.abc import Callable, Sequence

import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import InputError, LeanCrashed, TimedOut
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.lean.gates import Gates
from lean_sidekick.lean.version import LeanVersion
from lean_sidekick.verify.dialect import dialect_of
from lean_sidekick.verify.policy import Policy
from lean_sidekick.verify.runner import RunnerSession, RunnerVerifier
from lean_sidekick.verify.runner_answer import Answer, Row, outcome_of
from lean_sidekick.verify.runner_documents import runner_uri
from lean_sidekick.verify.shadow import Limits, ShadowVerifier
from support.fake_documents import FakeServer, at, information
from support.sites import sorry_site

TEXT = "import Some.Thing\n\ntheorem b (p : Prop) (h : p) : p := by\n  sorry\n"
RUN = re.compile(r'lean_sidekick_run "(\w+)" \d+ \d+ \d+ "(\w*)" "(\w*)" ("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")')
Rows = Callable[[list[str]], Sequence[list[object] | None]]


def rows_of(texts: list[str]) -> list[list[object]]:
    """What a well-behaved Lean says."""
    said: dict[str, list[object]] = {"(exact h)": ["ran", []], "(skip)": ["ran", ["p : Prop\nh : p\n⊢ p"]]}
    return [said.get(text, ["failed", ["type mismatch"]]) for text in texts]


TRIAL = {
    "(exact And.intro hp hq)": ["ran", []],
    "(exact And.intro hp hq )": ["ran", []],
    "(apply And.intro hp)": ["ran", ["p q : Prop\nhp : p\nhq : q\n⊢ q"]],
    "(leanSidekickNoTactic)": ["parse error", ["<input>:1:1: unknown tactic"]],
    "(exact hp) )": ["parse error", ["<input>:1:1: expected end of input"]],
    "(exact hq)": ["ran", []],
}


def on_trial(text: str) -> list[Diagnostic]:
    """What a Lean on which the runner works says of the trial."""
    answers = []
    for call in RUN.finditer(text):
        rows: list[object] = [TRIAL.get(t, ["failed", ["no"]]) for t in json.loads(json.loads(call[5]))]
        answers.append(information(5, json.dumps([call[1], ["p q : Prop\n⊢ p ∧ q"], "focused", rows])))
    return answers


def lean_with(rows: Rows, plain: Callable[[str], list[Diagnostic]] | None = None) -> Callable[[str], list[Diagnostic]]:
    """A Lean that elaborates the runner if `Lean` is imported; `plain` answers texts without the runner."""

    def run(text: str) -> list[Diagnostic]:
        end = information(text.count("\n") - 1, "Prop : Type")
        if "namespace LeanSidekick" not in text:
            return plain(text) if plain else [end]
        if "\nimport Lean\n" not in text:
            return [at(2, "unknown namespace 'Lean.Elab'"), end]
        if '"trial1"' in text:
            return on_trial(text)
        call = RUN.search(text)
        if call is None:
            return [end]
        texts = json.loads(json.loads(call[5]))
        return [information(5, json.dumps([call[1], ["p : Prop\nh : p\n⊢ p"], "focused", rows(texts)])), end]

    return run


def runner_on(server: FakeServer) -> RunnerVerifier:
    plain = ShadowVerifier(
        server=server,
        dialect=dialect_of(server.gates),
        policy=Policy(allow_programs=False, keep_commands=False, allowed_axioms=frozenset(), allow_listed_models=True),
        limits=Limits(batch_size=8, heartbeats=100, candidate_s=1.0, opening_s=1.0),
    )
    return RunnerVerifier(plain)


def runs(server: FakeServer) -> list[str]:
    """The texts in which candidates were run, the trial left out."""
    return [text for text in server.elaborated if RUN.search(text) and '"trial1"' not in text]


def wanted(texts: Sequence[str]) -> list[Candidate]:
    return [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]


async def check(runner: RunnerVerifier, *texts: str, checks: int = 1000) -> dict[str, OutcomeKind]:
    session = await runner.open(sorry_site(TEXT))
    if checks:
        await session.warm()
    budget = Budget(seconds=60, checks=checks)
    found: list[CheckedCandidate] = [c async for c in session.check((), wanted(texts), budget)]
    assert sorted(c.candidate.text for c in found) == sorted(texts), "one outcome for each candidate"
    return {c.candidate.text: c.outcome.kind for c in found}


async def test_many_candidates_cost_one_edit_and_the_header_is_learned_once() -> None:
    server = FakeServer(lean=lean_with(rows_of))
    runner = runner_on(server)
    expected = {"exact h": OutcomeKind.CLOSED, "skip": OutcomeKind.NO_CHANGE, "rfl": OutcomeKind.FAILED}
    assert await check(runner, "exact h", "skip", "rfl") == expected
    edits = len(server.elaborated)
    assert await check(runner, "exact h", "skip", "rfl") == expected
    assert len(server.elaborated) == edits + 1
    assert len(runs(server)) == 2
    assert all(text.startswith("import Some.Thing\nimport Lean\n") for text in runs(server))


async def test_the_lines_of_the_user_stay_below_the_runner_unchanged() -> None:
    server = FakeServer(lean=lean_with(rows_of))
    await check(runner_on(server), "exact h")
    text = runs(server)[0]
    assert RUN.sub("sorry", text).endswith(TEXT.split("\n\n")[1])


async def test_refused_candidates_never_reach_the_runner() -> None:
    server = FakeServer(lean=lean_with(rows_of))
    found = await check(runner_on(server), "exact h", "run_tac x", "exact h)", "sorry")
    assert found.pop("exact h") is OutcomeKind.CLOSED
    assert set(found.values()) == {OutcomeKind.REFUSED, OutcomeKind.PARSE_ERROR}
    assert not any(bad in text for text in server.elaborated for bad in ("run_tac", "exact h))"))


def no_rows(texts: list[str]) -> list[list[object]]:
    return []


def broken_rows(texts: list[str]) -> list[list[object]]:
    return [["ran"] for _ in texts]


@pytest.mark.parametrize("rows", [no_rows, broken_rows])
async def test_no_answer_is_no_success(rows: Rows) -> None:
    found = await check(runner_on(FakeServer(lean=lean_with(rows))), "exact h", "skip")
    assert not {OutcomeKind.CLOSED, OutcomeKind.PROGRESS}.intersection(found.values())


async def test_candidates_that_there_was_no_time_for_are_run_in_the_next_edit() -> None:
    def two_at_a_time(texts: list[str]) -> list[list[object]]:
        return rows_of(texts)[:2]

    server = FakeServer(lean=lean_with(two_at_a_time))
    found = await check(runner_on(server), "rfl", "trivial", "exact h", "skip", "simp")
    assert (found["exact h"], found["skip"]) == (OutcomeKind.CLOSED, OutcomeKind.NO_CHANGE)
    assert len(runs(server)) == 3


def plainly(text: str) -> list[Diagnostic]:
    """A Lean whose blocks say that `exact h` closes and `skip` changes nothing."""
    found = [information(text.count("\n") - 1, "Prop : Type")]
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if match := re.fullmatch(r"\s*\| \((.*)\)", line):
            if match[1] == "skip":
                found.append(at(number + 2, "unsolved goals\np : Prop\nh : p\n⊢ p"))
            else:
                found.append(information(number + 3))
    return found


@pytest.mark.parametrize("error", [TimedOut("late"), LeanCrashed("died"), InputError("no header")])
async def test_a_runner_that_makes_trouble_leaves_the_batch_to_the_plain_way(error: Exception) -> None:
    answering = lean_with(rows_of, plainly)

    def run(text: str) -> Sequence[Diagnostic]:
        if RUN.search(text) and '"trial1"' not in text:
            raise error
        return answering(text)

    server = FakeServer(lean=run)
    assert await check(runner_on(server), "exact h", "skip") == {
        "exact h": OutcomeKind.CLOSED,
        "skip": OutcomeKind.NO_CHANGE,
    }
    assert server.closed >= 1, "the worker in trouble is ended"


async def test_a_candidate_that_a_thread_had_no_time_for_is_run_in_the_next_edit() -> None:
    def without_the_second(texts: list[str]) -> list[list[object] | None]:
        return [row if i != 1 or len(texts) == 1 else None for i, row in enumerate(rows_of(texts))]

    server = FakeServer(lean=lean_with(without_the_second))
    found = await check(runner_on(server), "rfl", "exact h", "skip")
    assert found == {"rfl": OutcomeKind.FAILED, "exact h": OutcomeKind.CLOSED, "skip": OutcomeKind.NO_CHANGE}
    assert len(runs(server)) == 2


class Keeping:
    """A Lean of 2021 that keeps states, and may forget them."""

    def __init__(self) -> None:
        self.states: set[str] = set()
        self.calls: list[tuple[str, list[str]]] = []
        self.answering = lean_with(rows_of)

    def __call__(self, text: str) -> list[Diagnostic]:
        call = RUN.search(text)
        if call is None or '"trial1"' in text:
            return self.answering(text)
        _, base, key, steps, _ = call.groups()
        self.calls.append((base, json.loads(json.loads(steps))))
        if base and base not in self.states:
            return [information(5, json.dumps([call[1], "unknown"]))]
        self.states.add(key)
        return self.answering(text)


async def asked(session: RunnerSession, *steps: str) -> set[OutcomeKind]:
    budget = Budget(seconds=60, checks=100)
    return {c.outcome.kind async for c in session.check(steps, wanted(["exact h"]), budget)}


async def test_a_step_of_a_search_begins_where_the_step_before_it_ended() -> None:
    lean = Keeping()
    server = FakeServer(lean=lean, gates=Gates.for_version(LeanVersion(4, 0, 0), is_early=True))
    session = await runner_on(server).open(sorry_site(TEXT))
    await session.warm()
    for steps in ((), ("skip",), ("skip", "have x := h"), ("skip",)):
        assert await asked(session, *steps) == {OutcomeKind.CLOSED}
    bases = [base for base, _ in lean.calls]
    assert [steps for _, steps in lean.calls] == [[], ["(skip)"], ["(have x := h)"], []]
    assert bases[0] == "" and all(bases[1:]) and bases[3] == bases[2]
    assert "theorem b" not in server.elaborated[-1], "the declaration is not elaborated again"

    lean.states.clear()
    assert await asked(session, "skip") == {OutcomeKind.CLOSED}
    assert "theorem b" in server.elaborated[-1] and lean.calls[-1][0] == "", "a forgotten state is made again"


async def test_a_new_worker_keeps_no_states_of_the_old_one() -> None:
    lean = Keeping()
    server = FakeServer(lean=lean, gates=Gates.for_version(LeanVersion(4, 0, 0), is_early=True))
    runner = runner_on(server)
    session = await runner.open(sorry_site(TEXT))
    await session.warm()
    assert await asked(session) == {OutcomeKind.CLOSED}
    await runner.close_document(session.site.uri)
    await session.warm()
    assert await asked(session) == {OutcomeKind.CLOSED}
    assert [base for base, _ in lean.calls] == ["", ""]


async def test_where_the_runner_does_not_elaborate_the_plain_way_takes_over_for_good() -> None:
    def run(text: str) -> list[Diagnostic]:
        if "namespace LeanSidekick" in text:
            return [at(2, "unknown identifier"), information(text.count("\n") - 1)]
        return plainly(text)

    server = FakeServer(lean=run)
    runner = runner_on(server)
    for _ in range(2):
        assert (await check(runner, "exact h"))["exact h"] is OutcomeKind.CLOSED
    assert sum("namespace LeanSidekick" in text for text in server.elaborated) == 4, "each form was tried once"


@pytest.mark.parametrize("text", list(TRIAL))
async def test_a_runner_that_answers_one_known_question_wrongly_is_not_used(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Lean where it elaborates and says, for instance, that everything fails, must not hide any candidate."""
    monkeypatch.setitem(TRIAL, text, ["failed", ["no"]] if TRIAL[text][0] == "ran" else ["ran", []])
    gates = Gates.for_version(LeanVersion(4, 0, 0), is_early=True)  # keeps states, so that all are asked
    server = FakeServer(lean=lean_with(rows_of), gates=gates)
    await check(runner_on(server), "exact h")
    assert runs(server) == []


async def test_the_runner_is_loaded_only_for_a_file_that_is_asked_about_often() -> None:
    server = FakeServer(lean=lean_with(rows_of, plainly))
    runner = runner_on(server)
    runner.warm_after = 3
    session = await runner.open(sorry_site(TEXT))
    for texts, is_loaded in ((["exact h", "skip"], False), (["rfl", "simp"], True)):
        assert [c async for c in session.check((), wanted(texts), Budget(seconds=60, checks=100))]
        assert any("namespace LeanSidekick" in text for text in server.elaborated) is False
        await asyncio.sleep(0)
        assert bool(runner._warming) is is_loaded
    await session.warm()
    assert any("namespace LeanSidekick" in text for text in server.elaborated)
    await runner.close()


async def test_the_runner_is_not_loaded_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lean_sidekick.verify.runner.has_room_for_worker", lambda: False)
    server = FakeServer(lean=lean_with(rows_of, plainly))
    runner = runner_on(server)
    session = await runner.open(sorry_site(TEXT))
    found = [c async for c in session.check((), wanted(["exact h"]), Budget(seconds=60, checks=100))]
    assert [c.outcome.kind for c in found] == [OutcomeKind.CLOSED]
    assert not runner._warming


async def test_a_silent_lean_has_not_elaborated_the_runner() -> None:
    found = await check(runner_on(FakeServer(lean=lambda text: [])), "exact h")
    assert set(found.values()) == {OutcomeKind.CRASHED}


async def test_a_heavy_candidate_gets_its_outcome_the_plain_way_and_stays_there() -> None:
    timeout = "(deterministic) timeout at 'whnf', maximum number of heartbeats (12) has been reached"

    def rows(texts: list[str]) -> list[list[object]]:
        pairs = zip(texts, rows_of(texts), strict=True)
        return [["failed", [timeout]] if text == "(heavy)" else row for text, row in pairs]

    server = FakeServer(lean=lean_with(rows, plainly))
    session = await runner_on(server).open(sorry_site(TEXT))
    await session.warm()
    for _ in range(2):
        budget = Budget(seconds=60, checks=100)
        found = {c.candidate.text: c.outcome.kind async for c in session.check((), wanted(["heavy", "skip"]), budget)}
        assert found == {"heavy": OutcomeKind.CLOSED, "skip": OutcomeKind.NO_CHANGE}
    assert sum('"(heavy)' in text.replace("\\", "") for text in runs(server)) == 1


async def test_nobody_waits_for_the_runner_to_load() -> None:
    server = FakeServer(lean=lean_with(rows_of, plainly))
    runner = runner_on(server)
    session = await runner.open(sorry_site(TEXT))
    for is_warm in (False, True):
        found = [c async for c in session.check((), wanted(["exact h"]), Budget(seconds=60, checks=100))]
        assert [c.outcome.kind for c in found] == [OutcomeKind.CLOSED]
        assert session.is_answered is is_warm
        await session.warm()
    await runner.close()


async def test_a_spent_budget_asks_lean_nothing() -> None:
    server = FakeServer(lean=lean_with(rows_of))
    found = await check(runner_on(server), "exact h", checks=0)
    assert found == {"exact h": OutcomeKind.TIMED_OUT}
    assert server.elaborated == []


async def test_confirming_is_done_under_the_users_header() -> None:
    server = FakeServer(lean=lean_with(rows_of))
    session = await runner_on(server).open(sorry_site(TEXT))
    await session.confirm("exact h", Budget(seconds=5, checks=5))
    assert server.elaborated and not any("LeanSidekick" in text for text in server.elaborated)


async def test_closing_a_document_ends_both_workers() -> None:
    server = FakeServer(lean=lean_with(rows_of))
    runner = runner_on(server)
    session = await runner.open(sorry_site(TEXT))
    await session.confirm("exact h", Budget(seconds=5, checks=5))
    await session.warm()
    assert [c async for c in session.check((), wanted(["exact h"]), Budget(seconds=5, checks=5))]
    before = server.closed
    await runner.close_document(session.site.uri)
    assert server.closed == before + 2


def test_the_runner_has_a_document_of_its_own() -> None:
    assert runner_uri("file:///p/A.lean") == "file:///p/A.LeanSidekickRunner.lean"
    assert runner_uri("untitled:1") == "untitled:1.LeanSidekickRunner.lean"


BEFORE = ("case w\nh : q\n⊢ ?w = 2", "⊢ Nat")


def outcome(kind: str, *texts: str, before: tuple[str, ...] = ("⊢ p",), is_focused: bool = True) -> Outcome | None:
    return outcome_of(Row(kind=kind, texts=texts), Answer(before=before, is_focused=is_focused, rows=()))


def test_rows_become_outcomes() -> None:
    kinds = {
        ("ran",): OutcomeKind.CLOSED,
        ("ran", "⊢ p"): OutcomeKind.NO_CHANGE,
        ("ran", "case x\n⊢ q"): OutcomeKind.PROGRESS,
        ("ran", "⊢ sorryAx p"): OutcomeKind.FAILED,
        ("failed", "type mismatch"): OutcomeKind.FAILED,
        ("failed", "maximum number of steps exceeded"): OutcomeKind.TIMED_OUT,
        ("parse error", "<input>:1:3: unexpected token"): OutcomeKind.PARSE_ERROR,
    }
    for row, kind in kinds.items():
        found = outcome(*row)
        assert found is not None and found.kind is kind, row
    parse_error = outcome("parse error", "<input>:1:3: unexpected token")
    assert parse_error is not None and parse_error.message == "unexpected token"
    for row in (("timed out",), ("too large",), ("a word of a later version",)):
        assert outcome(*row) is None


def test_of_goals_that_share_metavariables_all_are_looked_at() -> None:
    """As the plain way does: the goals behind the main goal are left out where the candidate did not touch them."""
    same = outcome("ran", *BEFORE, before=BEFORE, is_focused=False)
    assert same is not None and same.kind is OutcomeKind.NO_CHANGE and len(same.goals) == 1
    one = outcome("ran", "⊢ Nat", before=BEFORE, is_focused=False)
    assert one is not None and one.kind is OutcomeKind.CLOSED
    all_closed = outcome("ran", before=BEFORE, is_focused=False)
    assert all_closed is not None and all_closed.kind is OutcomeKind.CLOSED
    changed = outcome("ran", "⊢ Nat → Nat", before=BEFORE, is_focused=False)
    assert changed is not None and changed.kind is OutcomeKind.PROGRESS
