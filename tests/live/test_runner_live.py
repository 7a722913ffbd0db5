"""The in-document runner and the plain verifier, asked the same of a real Lean: they must say the same.

The sites below are always asked. The statements of the development set join them where its folder is named by LEAN_SIDEKICK_DATA.
"""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.lean_text import lean
from support.sites import sorry_site

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import Hole, ProofSite
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import FinalStatus, Session
from lean_sidekick.verify.runner import RunnerSession, RunnerVerifier

pytestmark = pytest.mark.live

DATA_VARIABLE = "LEAN_SIDEKICK_DATA"
EXERCISES = 25

SITES = {
    "two conclusions": "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  sorry\n",
    "a false statement": "theorem a (p : Prop) : p := by\n  sorry\n",
    "several goals": "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  apply And.intro\n  sorry\n  exact hq\n",
    "goals that share a metavariable": "theorem a (h : 2 = 2) : ∃ x : Nat, x = 2 := by\n  apply Exists.intro\n  sorry\n",
    "a bullet": "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n  constructor\n  · sorry\n  · exact hq\n",
    "an alternative": "theorem a (n : Nat) : 0 + n = n := by\n  induction n with\n  | zero => rfl\n  | succ n ih => sorry\n",
    "a have": "theorem a (p : Prop) (hp : p) : p := by\n  have h : p := by\n    sorry\n  exact h\n",
    "a block inside a term": "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q :=\n  ⟨by sorry, hq⟩\n",
    "data": "def a (n : Nat) : Nat := by\n  sorry\n",
    "names outside the basic plane": "theorem 𝔸 (𝔭 : Prop) (hp : 𝔭) : 𝔭 := by\n  sorry\n",
    "notation, namespace and variables of the file": lean(
        """
        -- a comment first
        namespace Some.Where
        variable (p q : Prop)
        def both (p q : Prop) : Prop := p ∧ q
        infixl:35 " &&& " => both
        theorem helper (hp : p) (hq : q) : p &&& q := ⟨hp, hq⟩
        theorem a (hp : p) (hq : q) : p &&& q := by
          sorry
        theorem below : True := trivial
        end Some.Where
        """
    ),
    "inaccessible names": "theorem a (p q : Prop) : p ∧ q → q ∧ p := by\n  intro h\n  cases h\n  sorry\n",
    "a mutual declaration": lean(
        """
        mutual
        theorem a (p : Prop) (hp : p) : p := by
          sorry
        theorem b (p : Prop) (hp : p) : p := hp
        end
        """
    ),
}

CANDIDATES = (
    *("skip", "intro h", "intros", "constructor", "apply And.intro", "assumption", "exact hp", "rfl", "simp", "exact nonsense"),
    *("exact trivial", "exact ⟨hp, hq⟩", "apply helper", "refine ⟨?_, ?_⟩", "exact ⟨_, hq⟩", "cases h", "rw [Nat.add_comm]"),
    *("exact h", "exact 2", "exact ih", "induction n", "have x : Nat := 0", "have x : p := nonsense", "first | exact nope | skip"),
    *("no_such_tactic", "exact (", "exact hp)", "(assumption)", "intro h -- a comment", 'exact "\\n𝔸"', "exact fun x =>"),
    *("apply And.intro\n· exact hp\n· exact hq", "intro h\nexact h", "constructor <;> assumption", "apply And.intro; assumption"),
    *("sorry", "admit", "exact sorry", "theorem x : False := trivial", "end", "repeat constructor", "decide", "apply congrArg"),
)


@pytest.fixture
async def runner(real_lean: Path, tmp_path: Path) -> AsyncIterator[RunnerVerifier]:
    runner = RunnerVerifier(await start_verifier(tmp_path, Settings(lean_path=str(real_lean))))
    yield runner
    await runner.close()


def site_of(text: str) -> ProofSite:
    return sorry_site(text, Hole.TACTIC_SORRY, "file:///project/A.lean")


async def ask(session: Session, texts: tuple[str, ...], steps: tuple[str, ...] = ()) -> dict[str, Outcome]:
    wanted = [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]
    found: list[CheckedCandidate] = [c async for c in session.check(steps, wanted, Budget(seconds=300, checks=10_000))]
    assert sorted(c.candidate.text for c in found) == sorted(texts), "one outcome for each candidate"
    return {c.candidate.text: c.outcome for c in found}


def verdict(outcome: Outcome) -> tuple[str, list[str]]:
    return outcome.kind.value, [goal.normal_form() for goal in outcome.goals]


async def disagreements(runner: RunnerVerifier, text: str, candidates: tuple[str, ...] = CANDIDATES) -> tuple[list[str], int]:
    """Each pair of verdicts that differ, and how many candidates the runner itself answered."""
    session = await runner.open(site_of(text))
    by_runner = await ask(session, candidates)
    by_plain = await ask(session.plain, candidates)
    # A time-out says how busy the machine was; it is never a success, and contradicts nothing.
    late = [t for t in candidates if OutcomeKind.TIMED_OUT in (by_runner[t].kind, by_plain[t].kind)]
    lines = [
        f"{t!r}: runner {verdict(by_runner[t])}, {by_runner[t].message!r}; plain {verdict(by_plain[t])}, {by_plain[t].message!r}"
        for t in candidates
        if t not in late and verdict(by_runner[t]) != verdict(by_plain[t])
    ]
    assert session.is_answered, f"the runner gave no answer:\n{text}"
    return lines, len(candidates) - len(late)


@pytest.mark.timeout(300)
async def test_both_ways_say_the_same_at_every_kind_of_site(runner: RunnerVerifier) -> None:
    found, compared = {}, 0
    for name, text in SITES.items():
        lines, count = await disagreements(runner, text)
        compared += count
        if lines:
            found[name] = lines
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)
    assert compared > 0.9 * len(SITES) * len(CANDIDATES)


@pytest.mark.timeout(600)
async def test_both_ways_say_the_same_of_the_development_set(runner: RunnerVerifier) -> None:
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        pytest.skip(f"{DATA_VARIABLE} does not name the folder of the development set")
    lines = (Path(folder) / "core_exercises" / "core_dev.jsonl").read_text(encoding="utf-8").splitlines()
    every = max(1, len(lines) // EXERCISES)
    found, compared = {}, 0
    for row in [json.loads(line) for line in lines][::every][:EXERCISES]:
        statement = row["statement"].rstrip().removesuffix("by").rstrip().removesuffix(":=").rstrip()
        own = tuple(f"exact {name}" for name in row["premises"]) + tuple(row["one_liners"])
        texts = tuple(dict.fromkeys([*CANDIDATES[:20], *own[:5]]))
        wrong, count = await disagreements(runner, f"{statement} := by\n  sorry\n", texts)
        compared += count
        if wrong:
            found[row["name"]] = wrong
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)
    assert compared > 300


async def test_steps_run_before_the_candidates(runner: RunnerVerifier) -> None:
    session = await runner.open(site_of(SITES["two conclusions"]))
    texts = ("exact hp", "exact hq", "skip", "sorry")
    found = await ask(session, texts, ("apply And.intro", "(exact hp)"))
    assert {t: o.kind for t, o in found.items()} == {
        "exact hp": OutcomeKind.FAILED,
        "exact hq": OutcomeKind.CLOSED,
        "skip": OutcomeKind.NO_CHANGE,
        "sorry": OutcomeKind.REFUSED,
    }
    assert session.is_answered


async def test_steps_that_do_not_run_give_no_verdict_on_candidates(runner: RunnerVerifier) -> None:
    session = await runner.open(site_of(SITES["two conclusions"]))
    found = await ask(session, ("exact hp", "skip"), ("exact nonsense",))
    assert {o.kind for o in found.values()} == {OutcomeKind.FAILED}


async def test_one_that_uses_its_heartbeats_up_costs_the_others_nothing(runner: RunnerVerifier) -> None:
    session = await runner.open(site_of("theorem a (p : Prop) (hp : p) (f : Nat → Nat) : p := by\n  sorry\n"))
    heavy = "exact (by repeat (first | (have x : Nat := 0; clear x)))"
    found = await ask(session, (heavy, "exact hp", "skip", "exact f"))
    assert {t: o.kind for t, o in found.items()} == {
        heavy: found[heavy].kind,
        "exact hp": OutcomeKind.CLOSED,
        "skip": OutcomeKind.NO_CHANGE,
        "exact f": OutcomeKind.FAILED,
    }
    assert found[heavy].kind in (OutcomeKind.TIMED_OUT, OutcomeKind.FAILED)


async def test_one_that_nothing_inside_lean_stops_leaves_the_batch_to_the_plain_way(runner: RunnerVerifier) -> None:
    session = await runner.open(site_of("theorem a (p : Prop) (hp : p) : p := by\n  sorry\n"))
    endless = "repeat skip"
    found = await ask(session, (endless, "exact hp", "skip"))
    assert found[endless].kind is OutcomeKind.TIMED_OUT
    assert (found["exact hp"].kind, found["skip"].kind) == (OutcomeKind.CLOSED, OutcomeKind.NO_CHANGE)
    assert runner.is_endless(endless)
    assert (await ask(session, ("exact hp",)))["exact hp"].kind is OutcomeKind.CLOSED, "the next edit finds a healthy worker"


async def test_a_site_without_a_tactic_block_goes_the_plain_way(runner: RunnerVerifier) -> None:
    session = await runner.open(site_of("theorem a (p : Nat → Prop) (h : p 0) : p 0 := by\n  conv =>\n    sorry\n  exact h\n"))
    await ask(session, ("skip", "exact h"))
    assert not session.is_answered


async def test_what_the_runner_calls_closed_is_confirmed_under_the_users_header(runner: RunnerVerifier) -> None:
    # `Lean.Name` is there only because the runner's document has one more import.
    session: RunnerSession = await runner.open(site_of("theorem a : Nonempty Nat := by\n  sorry\n"))
    block = "exact ⟨Lean.Syntax.missing.getNumArgs⟩"
    foreign = "exact ⟨(Lean.Meta.Config.mk).foApprox.toNat⟩"
    budget = Budget(seconds=60, checks=100)
    for text in (block, foreign, "exact ⟨0⟩"):
        outcome = (await ask(session, (text,)))[text]
        confirmed = await session.confirm(text, budget)
        assert confirmed.kind is not OutcomeKind.CLOSED or outcome.kind is OutcomeKind.CLOSED
    assert (await session.final_check("exact ⟨0⟩", budget)).status is FinalStatus.ACCEPTED
