"""The in-document runner and the plain verifier, asked the same of a real Lean: they must say the same.

The sites below are always asked. The statements of the development set join them where its folder is named by
LEAN_SIDEKICK_DATA.
"""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.core.sites import Hole, ProofSite
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import FinalStatus, Session
from lean_sidekick.verify.runner import RunnerSession, RunnerVerifier, runner_uri
from support.lean_text import lean
from support.sites import sorry_site

pytestmark = pytest.mark.live

DATA_VARIABLE = "LEAN_SIDEKICK_DATA"
EXERCISES = 25

AND = "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := "
SITES = {
    "two conclusions": AND + "by\n  sorry\n",
    "a false statement": "theorem a (p : Prop) : p := by\n  sorry\n",
    "several goals": AND + "by\n  apply And.intro\n  sorry\n  exact hq\n",
    "a bullet": AND + "by\n  constructor\n  · sorry\n  · exact hq\n",
    "an alternative": (
        "theorem a (n : Nat) : 0 + n = n := by\n  induction n with\n  | zero => rfl\n  | succ n ih => sorry\n"
    ),
    "a have": "theorem a (p : Prop) (hp : p) : p := by\n  have h : p := by\n    sorry\n  exact h\n",
    "a block inside a term": AND + "\n  ⟨by sorry, hq⟩\n",
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
}

PLAIN_CANDIDATES = (
    *("skip", "intro h", "intros", "constructor", "apply And.intro", "assumption", "exact hp", "rfl", "simp"),
    *("exact trivial", "exact ⟨hp, hq⟩", "apply helper", "refine ⟨?_, ?_⟩", "exact ⟨_, hq⟩", "cases h"),
    *("exact h", "exact 2", "exact ih", "induction n", "have x : Nat := 0", "rw [Nat.add_comm]", "exact nonsense"),
)
CANDIDATES = (
    *PLAIN_CANDIDATES,
    *("have x : p := nonsense", "first | exact nope | skip", "no_such_tactic", "exact (", "exact hp)", "(assumption)"),
    *("intro h -- a comment", 'exact "\\n𝔸"', "exact fun x =>", "apply And.intro\n· exact hp\n· exact hq"),
    *("intro h\nexact h", "constructor <;> assumption", "apply And.intro; assumption", "sorry", "admit"),
    *("exact sorry", "theorem x : False := trivial", "end", "repeat constructor", "decide", "apply congrArg"),
)


@pytest.fixture
async def runner(real_lean: Path, tmp_path: Path) -> AsyncIterator[RunnerVerifier]:
    runner = RunnerVerifier(await start_verifier(tmp_path, Settings(lean_path=str(real_lean))))
    yield runner
    await runner.close()


def site_of(text: str) -> ProofSite:
    return sorry_site(text, Hole.TACTIC_SORRY, "file:///project/A.lean")


async def ask(session: Session, texts: tuple[str, ...], steps: tuple[str, ...] = ()) -> dict[str, Outcome]:
    if isinstance(session, RunnerSession):
        await session.warm()
    wanted = [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]
    found: list[CheckedCandidate] = [c async for c in session.check(steps, wanted, Budget(seconds=300, checks=10_000))]
    assert sorted(c.candidate.text for c in found) == sorted(texts), "one outcome for each candidate"
    return {c.candidate.text: c.outcome for c in found}


def verdict(outcome: Outcome) -> tuple[str, list[str]]:
    return outcome.kind.value, [goal.normal_form() for goal in outcome.goals]


async def disagreements(
    runner: RunnerVerifier, text: str, candidates: tuple[str, ...] = CANDIDATES
) -> tuple[list[str], int]:
    """Each pair of verdicts that differ, and how many candidates were compared."""
    session = await runner.open(site_of(text))
    by_runner = await ask(session, candidates)
    by_plain = await ask(session.plain, candidates)
    # A time-out says how busy the machine was; it is never a success, and contradicts nothing.
    compared = [t for t in candidates if OutcomeKind.TIMED_OUT not in (by_runner[t].kind, by_plain[t].kind)]
    lines = [
        f"{t!r}: runner {verdict(by_runner[t])} {by_runner[t].message!r}; "
        f"plain {verdict(by_plain[t])} {by_plain[t].message!r}"
        for t in compared
        if verdict(by_runner[t]) != verdict(by_plain[t])
    ]
    assert session.is_answered, f"the runner gave no answer:\n{text}"
    return lines, len(compared)


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
        texts = tuple(dict.fromkeys([*PLAIN_CANDIDATES, *own[:5]]))
        wrong, count = await disagreements(runner, f"{statement} := by\n  sorry\n", texts)
        compared += count
        if wrong:
            found[row["name"]] = wrong
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)
    assert compared > 300


async def test_goals_that_share_a_metavariable_do_not_disturb_each_other(runner: RunnerVerifier) -> None:
    text = "theorem a (h : 2 = 2) : ∃ x : Nat, x = 2 := by\n  apply Exists.intro\n  sorry\n"
    session = await runner.open(site_of(text))
    expected = {
        "exact h": "closed",
        "rfl": "closed",
        "skip": "no change",
        "exact (rfl : 3 = 3)": "failed",
        "have x : Nat := 0": "progress",
    }
    found = await ask(session, tuple(expected))
    assert {t: o.kind.value for t, o in found.items()} == expected
    assert session.is_answered
    for closing in ("exact h", "rfl"):
        assert (await session.confirm(closing, Budget(seconds=60, checks=10))).kind is OutcomeKind.CLOSED


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
    text = "def slow : Nat → Nat | 0 => 0 | n + 1 => slow n\n\ntheorem a (p : Prop) (hp : p) : p := by\n  sorry\n"
    session = await runner.open(site_of(text))
    heavy = "have : slow 3000000 = 0 := by decide"
    found = await ask(session, (heavy, "exact hp", "skip", "exact slow"))
    assert {t: o.kind for t, o in found.items()} == {
        heavy: OutcomeKind.TIMED_OUT,
        "exact hp": OutcomeKind.CLOSED,
        "skip": OutcomeKind.NO_CHANGE,
        "exact slow": OutcomeKind.FAILED,
    }
    assert session.is_answered


async def test_one_that_nothing_inside_lean_stops_leaves_the_batch_to_the_plain_way(runner: RunnerVerifier) -> None:
    text = "theorem a (x y : Nat) (hx : x = y) (hy : y = x) (p : Prop) (hp : p) : x = x ∧ p := by\n  sorry\n"
    session = await runner.open(site_of(text))
    endless = "simp (config := { maxSteps := 1000000 }) [hx, hy]"
    found = await ask(session, (endless, "exact ⟨rfl, hp⟩", "skip"))
    assert found[endless].kind is OutcomeKind.TIMED_OUT
    assert (found["exact ⟨rfl, hp⟩"].kind, found["skip"].kind) == (OutcomeKind.CLOSED, OutcomeKind.NO_CHANGE)
    assert (await ask(session, ("exact ⟨rfl, hp⟩",)))["exact ⟨rfl, hp⟩"].kind is OutcomeKind.CLOSED
    assert session.is_answered, "the next edit finds a healthy worker"


async def test_a_site_without_a_tactic_block_goes_the_plain_way(runner: RunnerVerifier) -> None:
    session = await runner.open(
        site_of("theorem a (p : Nat → Prop) (h : p 0) : p 0 := by\n  conv =>\n    sorry\n  exact h\n")
    )
    await ask(session, ("skip", "exact h"))
    assert not session.is_answered


async def test_what_only_the_runners_import_makes_possible_is_not_confirmed(runner: RunnerVerifier) -> None:
    session = await runner.open(site_of("theorem a : Nonempty Nat := by\n  sorry\n"))
    missing = "exact ⟨let f : Lean.Json → Nat := fun _ => 0; f Lean.Json.null⟩"
    budget = Budget(seconds=60, checks=100)
    found = await ask(session, (missing, "exact ⟨0⟩"))
    assert {o.kind for o in found.values()} == {OutcomeKind.CLOSED}, "the runner's document sees `Lean`"
    assert (await session.confirm("exact ⟨0⟩", budget)).kind is OutcomeKind.CLOSED
    assert (await session.confirm(missing, budget)).kind is OutcomeKind.FAILED
    assert (await session.final_check(missing, budget)).status is FinalStatus.REFUSED
    assert (await session.final_check("exact ⟨0⟩", budget)).status is FinalStatus.ACCEPTED


async def test_a_file_that_sees_lean_already_keeps_its_header(runner: RunnerVerifier) -> None:
    text = "import Lean\n\ntheorem a (p : Prop) (hp : p) : p := by\n  sorry\n"
    session = await runner.open(site_of(text))
    found = await ask(session, ("exact hp", "skip"))
    assert {t: o.kind.value for t, o in found.items()} == {"exact hp": "closed", "skip": "no change"}
    assert session.is_answered
    learned = runner.known_text(runner_uri(session.site.uri), "import Lean")
    assert learned is not None and learned.added_import is None
