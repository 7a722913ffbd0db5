"""The shadow verifier against a Lean that misbehaves: one outcome each, and never a success without evidence."""

import re
from collections.abc import Callable, Sequence

import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import LeanCrashed, ProtocolError, SidekickError, StaleDocument, TimedOut
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.verify.api import FinalStatus
from lean_sidekick.verify.dialect import Dialect
from lean_sidekick.verify.policy import Policy
from lean_sidekick.verify.shadow import Limits, ShadowVerifier
from support.fake_documents import FakeServer, at, information
from support.sites import sorry_site

TEXT = "theorem b (p : Prop) (h : p) : p := by\n  sorry\n"
EARLY = Dialect(mark="traceState", trace_state="traceState", all_goals="allGoals", recovery_off=False, simp_steps=None)
Answer = Callable[[str], Sequence[str]]


def verifier(server: FakeServer, batch_size: int = 4) -> ShadowVerifier:
    return ShadowVerifier(
        server=server,
        dialect=EARLY,
        policy=Policy(
            allow_programs=False, keep_commands=False, allowed_axioms=frozenset(["propext"]), allow_listed_models=True
        ),
        limits=Limits(batch_size=batch_size, heartbeats=100, candidate_s=1.0, opening_s=1.0),
    )


def lean(outcome_of: Callable[[str], str]) -> Callable[[str], list[Diagnostic]]:
    """A Lean that says of the candidate in each slot `closed`, `open`, or an error; it always prints the sentinel."""

    def run(text: str) -> list[Diagnostic]:
        found = []
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if line == "#check Prop":
                found.append(information(number, "Prop : Type"))
            if match := re.fullmatch(r"  · \((.*)\)", line):
                verdict = outcome_of(match[1])
                if verdict == "closed":
                    found.append(information(number + 2))
                elif verdict == "open":
                    found.append(at(number + 1, "unsolved goals\nh : p\n⊢ p"))
                elif verdict != "silent":
                    found.append(at(number, verdict))
        return found

    return run


def by_rule(candidate: str) -> str:
    return {"skip": "open", "exact h": "closed"}.get(candidate, "type mismatch")


def batches(server: FakeServer) -> list[str]:
    """The texts that held candidates."""
    return [text for text in server.elaborated if "(refine" in text]


async def check(shadow: ShadowVerifier, *texts: str, checks: int = 1000) -> dict[str, OutcomeKind]:
    session = await shadow.open(sorry_site(TEXT))
    candidates = [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]
    budget = Budget(seconds=60, checks=checks)
    found = [(c.candidate.text, c.outcome.kind) async for c in session.check((), candidates, budget)]
    assert sorted(text for text, _ in found) == sorted(texts), "one outcome for each candidate"
    return dict(found)


async def test_many_candidates_cost_one_edit() -> None:
    server = FakeServer(lean=lean(by_rule))
    found = await check(verifier(server), "exact h", "rfl", "exact foo")
    assert found == {"exact h": OutcomeKind.CLOSED, "rfl": OutcomeKind.FAILED, "exact foo": OutcomeKind.FAILED}
    assert len(batches(server)) == 1


async def test_refused_candidates_never_reach_lean() -> None:
    server = FakeServer(lean=lean(by_rule))
    found = await check(verifier(server), "exact h", "run_tac x", "exact h)")
    assert found["run_tac x"] is OutcomeKind.REFUSED
    assert found["exact h)"] is OutcomeKind.PARSE_ERROR
    assert not any("run_tac" in text or "exact h))" in text for text in server.elaborated)


async def test_what_does_not_parse_is_sorted_out_and_the_rest_runs_again() -> None:
    def run(text: str) -> list[Diagnostic]:
        lines = text.split("\n")
        probes = [n for n, line in enumerate(lines) if line.startswith("example") and "omega" in line]
        slots = [n for n, line in enumerate(lines) if line == "  · (omega)"]
        errors = [at(n, "unknown tactic") for n in probes + slots]
        # What stands before a parse error looks as good as ever, what stands behind it is gone.
        return [*errors, *lean(lambda c: ("silent" if c == "skip" else "closed") if slots else by_rule(c))(text)]

    server = FakeServer(lean=run)
    found = await check(verifier(server), "exact h", "rfl", "omega")
    assert found == {"exact h": OutcomeKind.CLOSED, "rfl": OutcomeKind.FAILED, "omega": OutcomeKind.PARSE_ERROR}
    assert len(batches(server)) == 3, "as it is, with probes, without the culprit"


@pytest.mark.parametrize("silence", [lambda text: [], lambda text: [information(text.count("\n") - 1)]])
async def test_an_empty_or_bare_answer_is_no_success(silence: Callable[[str], list[Diagnostic]]) -> None:
    found = await check(verifier(FakeServer(lean=silence)), "exact h", "rfl", "trivial")
    assert OutcomeKind.CLOSED not in found.values()
    assert OutcomeKind.PROGRESS not in found.values()


async def test_one_that_never_ends_costs_the_others_nothing() -> None:
    def run(text: str) -> list[Diagnostic]:
        if "(loop)" in text:
            raise TimedOut("no answer")
        return lean(by_rule)(text)

    server = FakeServer(lean=run)
    found = await check(verifier(server), "exact h", "rfl", "loop", "trivial")
    assert found["loop"] is OutcomeKind.TIMED_OUT
    assert found["exact h"] is OutcomeKind.CLOSED
    assert found["rfl"] is OutcomeKind.FAILED
    assert server.closed >= 1, "a worker that hangs is ended"


@pytest.mark.parametrize("broken", [LeanCrashed, ProtocolError, StaleDocument])
async def test_one_that_breaks_lean_costs_the_others_nothing(broken: type[SidekickError]) -> None:
    def run(text: str) -> list[Diagnostic]:
        if "(bomb)" in text:
            raise broken("Lean died")
        return lean(by_rule)(text)

    found = await check(verifier(FakeServer(lean=run)), "bomb", "exact h", "rfl")
    assert found == {
        "bomb": OutcomeKind.CRASHED,
        "exact h": OutcomeKind.CLOSED,
        "rfl": OutcomeKind.FAILED,
    }


async def test_a_heartbeat_limit_met_by_one_is_not_held_against_the_next() -> None:
    timeout = "(deterministic) timeout at 'whnf', maximum number of heartbeats (100) has been reached"

    def run(text: str) -> list[Diagnostic]:
        return lean(lambda c: timeout if c == "heavy" or ("(heavy)" in text and c != "skip") else by_rule(c))(text)

    found = await check(verifier(FakeServer(lean=run)), "heavy", "exact h")
    assert found == {"heavy": OutcomeKind.TIMED_OUT, "exact h": OutcomeKind.CLOSED}


async def test_a_prefix_that_does_not_run_gives_no_verdict_on_candidates() -> None:
    def run(text: str) -> list[Diagnostic]:
        head = next((n for n, line in enumerate(text.split("\n")) if line.startswith("theorem")), 0)
        return [at(head, "unknown identifier 'x'"), information(text.count("\n") - 1)]

    found = await check(verifier(FakeServer(lean=run)), "exact h", "rfl")
    assert set(found.values()) == {OutcomeKind.FAILED}


async def test_a_spent_budget_leaves_candidates_timed_out_and_asks_lean_nothing() -> None:
    server = FakeServer(lean=lean(by_rule))
    found = await check(verifier(server), "exact h", "rfl", checks=0)
    assert set(found.values()) == {OutcomeKind.TIMED_OUT}
    assert server.elaborated == []


async def test_confirming_needs_the_end_of_the_file() -> None:
    session = await verifier(FakeServer(lean=lambda text: [])).open(sorry_site(TEXT))
    outcome = await session.confirm("exact h", Budget(seconds=5, checks=5))
    assert outcome.kind is OutcomeKind.CRASHED


async def test_confirming_tells_old_errors_of_the_declaration_from_new_ones() -> None:
    def run(text: str) -> list[Diagnostic]:
        end = information(text.count("\n") - 1)
        old = at(0, "an error of the user's own")
        return [old, end] if "exact h" in text or "admit" in text else [old, at(1, "new"), end]

    session = await verifier(FakeServer(lean=run)).open(sorry_site(TEXT))
    budget = Budget(seconds=5, checks=5)
    assert (await session.confirm("exact h", budget)).kind is OutcomeKind.CLOSED
    assert (await session.confirm("rfl", budget)).kind is OutcomeKind.FAILED


FINAL = {
    "accepted": ("'b' does not depend on any axioms", [], FinalStatus.ACCEPTED),
    "allowed axiom": ("'b' depends on axioms: [propext]", [], FinalStatus.ACCEPTED),
    "sorry elsewhere": ("'b' depends on axioms: [propext, sorryAx]", [], FinalStatus.ACCEPTED_WITH_SORRY),
    "foreign axiom": ("'b' depends on axioms: [magic]", [], FinalStatus.REFUSED),
    "no answer": ("unknown constant", [], FinalStatus.UNVERIFIED_AXIOMS),
    "silence": ("", [], FinalStatus.UNVERIFIED_AXIOMS),
    "error": ("'b' does not depend on any axioms", [at(1, "type mismatch")], FinalStatus.REFUSED),
    "error below": ("'b' does not depend on any axioms", [at(3, "broken")], FinalStatus.REFUSED),
}


@pytest.mark.parametrize("case", FINAL)
async def test_the_final_check_asks_for_axioms_and_looks_at_the_whole_file(case: str) -> None:
    axioms, errors, expected = FINAL[case]

    def run(text: str) -> list[Diagnostic]:
        end = information(text.count("\n") - 1)
        if "#print axioms b" not in text:
            return [end]
        line = text.split("\n").index("#print axioms b")
        return [*errors, information(line, axioms), end]

    server = FakeServer(lean=run)
    session = await verifier(server).open(sorry_site(TEXT + "#check b\n"))
    verdict = await session.final_check("exact h", Budget(seconds=5, checks=5))
    assert verdict.status is expected
    assert server.reopened == 1, "the final check is made on a fresh document"


@pytest.mark.parametrize(
    ("errors", "expected"),
    [([], FinalStatus.ACCEPTED_AXIOMS_UNKNOWN), ([at(1, "type mismatch")], FinalStatus.REFUSED)],
)
async def test_the_final_check_of_a_module_says_that_axioms_are_unknown(
    errors: list[Diagnostic], expected: FinalStatus
) -> None:
    """Leans before 4.30 refuse the question there; the wording is that of 4.28."""
    refusal = (
        "cannot use `#print axioms` in a `module`; consider temporarily removing the `module` header or placing the "
        "command in a separate file"
    )

    def run(text: str) -> list[Diagnostic]:
        end = information(text.count("\n") - 1)
        if "#print axioms b" not in text:
            return [end]
        return [*errors, at(text.split("\n").index("#print axioms b"), refusal), end]

    session = await verifier(FakeServer(lean=run)).open(sorry_site(TEXT + "#check b\n"))
    verdict = await session.final_check("exact h", Budget(seconds=5, checks=5))
    assert verdict.status is expected
    assert ("an axiom is behind it" in verdict.message) is (expected is FinalStatus.ACCEPTED_AXIOMS_UNKNOWN)


async def test_a_proof_may_not_name_its_own_declaration() -> None:
    session = await verifier(FakeServer(lean=lambda text: [])).open(sorry_site(TEXT))
    verdict = await session.final_check("exact b p h", Budget(seconds=5, checks=5))
    assert verdict.status is FinalStatus.REFUSED


async def test_the_final_check_of_an_unfinished_answer_is_no_acceptance() -> None:
    session = await verifier(FakeServer(lean=lambda text: [])).open(sorry_site(TEXT))
    verdict = await session.final_check("exact h", Budget(seconds=5, checks=5))
    assert verdict.status is FinalStatus.CRASHED
