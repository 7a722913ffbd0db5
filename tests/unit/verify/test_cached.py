"""The remembering verifier: what Lean is asked again, what it is not, and that a remembered verdict is no proof."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from attrs import define, evolve, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import LeanCrashed, TimedOut
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.storage.outcomes import OutcomeStore
from lean_sidekick.verify.api import HUNG, FinalStatus
from lean_sidekick.verify.cached import HUNG_KEPT_S, CachedVerifier, Circumstances, is_lasting
from lean_sidekick.verify.dialect import Dialect
from lean_sidekick.verify.packing import HEARTBEATS_MET, NOT_RUN_HERE
from lean_sidekick.verify.policy import Policy
from lean_sidekick.verify.shadow import Limits, ShadowVerifier
from support.fake_documents import FakeServer, at, information
from support.sites import sorry_site

ABOVE = "theorem a : True := trivial\n"
SITE = "theorem b (p : Prop) (h : p) : p := by\n  sorry\n"
BELOW = "theorem c : True := trivial\n"
TEXT = ABOVE + SITE + BELOW
GOAL = "p : Prop\nh : p\n⊢ p"
EARLY = Dialect(mark="traceState", trace_state="traceState", all_goals="allGoals", recovery_off=False, simp_steps=None)
LIMITS = Limits(batch_size=8, heartbeats=100, candidate_s=1.0, opening_s=1.0)
POLICY = Policy(allow_programs=False, keep_commands=False, allowed_axioms=frozenset(), allow_listed_models=True)


def lean(text: str) -> list[Diagnostic]:
    """A Lean that knows `exact h` and `constructor`; `loop` never ends and `bomb` ends Lean."""
    if "(loop)" in text:
        raise TimedOut("no answer")
    if "(bomb)" in text:
        raise LeanCrashed("Lean died")
    found = []
    for number, line in enumerate(text.split("\n")):
        if line == "#check Prop":
            found.append(information(number, "Prop : Type"))
        if line == "  traceState":
            found.append(information(number, GOAL))
        if match := re.fullmatch(r"  · \((.*)\)", line):
            candidate = match[1]
            if candidate not in ("exact h", "constructor", "skip"):
                found.append(at(number, f"no {candidate} here"))
                continue
            if candidate == "exact h":
                found.append(information(number + 2, "checked"))
            elif candidate == "skip":
                found.append(at(number + 1, f"unsolved goals\n{GOAL}"))
            else:
                found.append(at(number + 1, "unsolved goals\ncase left\n⊢ p\n\ncase right\nx : p\n⊢ p"))
    return found


@define
class World:
    """A cache folder that outlives its programs, the state of the imports, and what Lean was asked."""

    path: Path
    imports: str | None = "built once"
    now: float = 1_000_000.0
    limits: Limits = LIMITS
    policy: Policy = POLICY
    toolchain: str = "Lean 4"
    lean: Callable[[str], Sequence[Diagnostic]] = lean
    server: FakeServer = field(init=False)

    @asynccontextmanager
    async def program(self) -> AsyncIterator[CachedVerifier]:
        """One run of the program."""
        self.server = FakeServer(lean=self.lean)
        verifier = CachedVerifier(
            inner=ShadowVerifier(server=self.server, dialect=EARLY, policy=self.policy, limits=self.limits),
            store=OutcomeStore(path=self.path, clock=lambda: self.now),
            circumstances=Circumstances(toolchain=self.toolchain, policy=self.policy, limits=self.limits),
            imports_key=lambda: self.imports,
        )
        try:
            yield verifier
        finally:
            await verifier.close()

    async def check(
        self, *texts: str, file: str = TEXT, steps: Sequence[str] = (), seconds: float = 60.0, checks: int = 1000
    ) -> dict[str, str]:
        """The outcomes in one run of the program, in the order in which they came."""
        async with self.program() as verifier:
            return await outcomes(verifier, *texts, file=file, steps=steps, seconds=seconds, checks=checks)

    def asked(self, text: str) -> int:
        """How many edits of the newest run held a candidate."""
        return sum(f"({text})" in edit for edit in self.server.elaborated)


async def outcomes(
    verifier: CachedVerifier,
    *texts: str,
    file: str = TEXT,
    steps: Sequence[str] = (),
    seconds: float = 60.0,
    checks: int = 1000,
    uri: str = "file:///p/A.lean",
) -> dict[str, str]:
    session = await verifier.open(sorry_site(file, uri=uri))
    budget = Budget(seconds=seconds, checks=checks)
    found = {}
    async for checked in session.check(steps, candidates(*texts), budget):
        assert checked.candidate.text not in found, "one outcome for each candidate"
        found[checked.candidate.text] = checked.outcome.kind.value
    await session.close()
    assert sorted(found) == sorted(texts), "one outcome for each candidate"
    return found


def candidates(*texts: str) -> list[Candidate]:
    return [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(path=tmp_path / "outcomes.sqlite3")


async def test_what_lean_said_is_not_asked_again(world: World) -> None:
    asked = ("exact h", "constructor", "rfl")
    first = await world.check(*asked)
    assert first == {"exact h": "closed", "constructor": "progress", "rfl": "failed"}
    assert await world.check(*asked) == first
    assert world.server.elaborated == []


async def test_a_remembered_outcome_is_the_same_to_the_letter(world: World) -> None:
    """Goals with their names and hypotheses, and messages."""
    seen = []
    for _ in range(2):
        async with world.program() as verifier:
            session = await verifier.open(sorry_site(TEXT))
            budget = Budget(seconds=60, checks=100)
            seen.append([c async for c in session.check((), candidates("constructor", "rfl"), budget)])
            await session.close()
    assert seen[0] == seen[1]
    assert [goal.case_name for goal in seen[1][0].outcome.goals] == ["left", "right"]


async def test_only_what_is_new_is_run_and_counted(world: World) -> None:
    await world.check("exact h", "rfl")
    async with world.program() as verifier:
        session = await verifier.open(sorry_site(TEXT))
        budget = Budget(seconds=60, checks=100)
        found = [c.candidate.text async for c in session.check((), candidates("new", "exact h", "rfl"), budget)]
    assert found == ["exact h", "rfl", "new"], "what is known comes first"
    assert budget.checks_spent == 1
    assert world.asked("exact h") == 0


async def test_what_is_known_is_given_even_when_the_budget_is_spent(world: World) -> None:
    await world.check("exact h")
    assert await world.check("exact h", "rfl", checks=0) == {"exact h": "closed", "rfl": "timed out"}


async def test_within_one_session_nothing_is_asked_twice(world: World) -> None:
    async with world.program() as verifier:
        session = await verifier.open(sorry_site(TEXT))
        for _ in range(2):
            async for _ in session.check((), candidates("exact h"), Budget(seconds=60, checks=100)):
                pass
    assert world.asked("exact h") == 1


REACHABLE = {
    "an edit below the declaration": TEXT + "-- more\n",
    "a new declaration below": ABOVE + SITE + "theorem d : False := sorry_not\n" + BELOW,
}
UNREACHABLE = {
    "an edit above": ABOVE + "-- more\n" + SITE + BELOW,
    "a changed statement above": TEXT.replace("True := trivial", "1 = 1 := rfl", 1),
    "a changed header": "import B\n" + TEXT,
    "another hypothesis": TEXT.replace("(h : p)", "(h : p) (k : p)"),
    "a tactic before the hole": TEXT.replace("  sorry", "  skip\n  sorry"),
    "a tactic after the hole": TEXT.replace("  sorry", "  sorry\n  skip"),
}


@pytest.mark.parametrize("edit", REACHABLE)
async def test_an_edit_below_asks_nothing_again(world: World, edit: str) -> None:
    await world.check("exact h")
    await world.check("exact h", file=REACHABLE[edit])
    assert world.asked("exact h") == 0


@pytest.mark.parametrize("edit", UNREACHABLE)
async def test_an_edit_at_or_above_the_site_asks_again(world: World, edit: str) -> None:
    await world.check("exact h")
    await world.check("exact h", file=UNREACHABLE[edit])
    assert world.asked("exact h") == 1


async def test_other_steps_are_another_question(world: World) -> None:
    await world.check("exact h", steps=["skip", "skip"])
    for steps in ([], ["skip"], ["skip\nskip"], ["skip", "skip", "skip"]):
        await world.check("exact h", steps=steps)
        assert world.asked("exact h") == 1, steps
    await world.check("exact h", steps=["skip", "skip"])
    assert world.asked("exact h") == 0


async def test_another_file_with_the_same_text_is_asked(world: World) -> None:
    """Private names and a library's options depend on the file's name."""
    await world.check("exact h")
    async with world.program() as verifier:
        await outcomes(verifier, "exact h", uri="file:///p/B.lean")
    assert world.asked("exact h") == 1


LONGER = evolve(LIMITS, candidate_s=5.0)


@pytest.mark.parametrize(
    ("changes", "is_asked"),
    [
        ({"toolchain": "Lean 4 rebuilt"}, True),
        ({"limits": LONGER}, True),
        ({"limits": evolve(LIMITS, heartbeats=900)}, True),
        ({"limits": evolve(LIMITS, batch_size=2, opening_s=9.0)}, False),
        ({"policy": evolve(POLICY, keep_commands=True)}, True),
        ({"policy": evolve(POLICY, allow_programs=True)}, True),
        ({"policy": evolve(POLICY, allowed_axioms=frozenset(["propext"]))}, False),
    ],
)
async def test_what_the_verdict_depends_on_is_in_the_key(
    world: World, changes: dict[str, object], is_asked: bool
) -> None:
    await world.check("exact h")
    changed = evolve(world, **changes)
    await changed.check("exact h")
    assert changed.asked("exact h") == is_asked


async def test_a_policy_that_got_stricter_refuses_what_is_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word that an earlier program did not know to be dangerous."""
    with monkeypatch.context() as earlier:
        for module in ("cached", "shadow"):
            earlier.setattr(f"lean_sidekick.verify.{module}.candidate_refusal", lambda candidate, policy: None)
        assert await world.check("native_decide") == {"native_decide": "failed"}
    assert await world.check("native_decide") == {"native_decide": "refused"}


IMPORTING = "import Mine\n" + TEXT


async def test_rebuilt_imports_are_another_question(world: World) -> None:
    await world.check("exact h", file=IMPORTING)
    await world.check("exact h", file=IMPORTING)
    assert world.asked("exact h") == 0
    world.imports = "built twice"
    await world.check("exact h", file=IMPORTING)
    assert world.asked("exact h") == 1


async def test_imports_that_nobody_can_tell_are_never_remembered(world: World) -> None:
    world.imports = None
    for _ in range(2):
        await world.check("exact h", file=IMPORTING)
        assert world.asked("exact h") == 1
    await world.check("exact h")
    await world.check("exact h")
    assert world.asked("exact h") == 0, "a file without imports depends on none"


async def test_a_worker_with_the_old_imports_teaches_nothing_about_the_new_ones(world: World) -> None:
    """Lean loads imports once for a document; rebuilt ones are not what it answers from."""
    async with world.program() as verifier:
        await outcomes(verifier, "exact h", file=IMPORTING)
        world.imports = "built twice"
        await outcomes(verifier, "exact h", file=IMPORTING)
        assert world.asked("exact h") == 2, "the old answer is not taken for a new one"
    await world.check("exact h", file=IMPORTING)
    assert world.asked("exact h") == 1, "nor the new question's answer by the old worker"


async def test_imports_rebuilt_while_lean_answers_are_not_trusted(world: World) -> None:
    def rebuilding(text: str) -> Sequence[Diagnostic]:
        world.imports = "built twice"
        return lean(text)

    busy = evolve(world, lean=rebuilding)
    async with busy.program() as verifier:
        verifier.imports_key = lambda: world.imports
        await outcomes(verifier, "exact h", file=IMPORTING)
    world.imports = "built once"
    await world.check("exact h", file=IMPORTING)
    assert world.asked("exact h") == 1


async def test_a_remembered_closed_is_confirmed_by_lean(world: World) -> None:
    await world.check("exact h")
    async with world.program() as verifier:
        session = await verifier.open(sorry_site(TEXT))
        budget = Budget(seconds=60, checks=100)
        (checked,) = [c async for c in session.check((), candidates("exact h"), budget)]
        assert checked.outcome.kind is OutcomeKind.CLOSED
        assert world.server.elaborated == []
        for _ in range(2):
            before = len(world.server.elaborated)
            assert (await session.confirm("exact h", budget)).kind is OutcomeKind.CLOSED
            assert len(world.server.elaborated) > before
            before = len(world.server.elaborated)
            assert (await session.final_check("exact h", budget)).status is FinalStatus.UNVERIFIED_AXIOMS
            assert len(world.server.elaborated) > before


async def test_a_false_row_does_not_survive_the_confirmation(world: World) -> None:
    """Whatever is in the file, nothing counts as closed that Lean does not close now."""
    world.lean = lambda text: [d for d in lean(text) if "exact h" not in text]
    await evolve(world, lean=lean).check("exact h")
    async with world.program() as verifier:
        session = await verifier.open(sorry_site(TEXT))
        budget = Budget(seconds=60, checks=100)
        (checked,) = [c async for c in session.check((), candidates("exact h"), budget)]
        assert checked.outcome.kind is OutcomeKind.CLOSED
        assert (await session.confirm("exact h", budget)).kind is not OutcomeKind.CLOSED


async def test_the_state_of_a_site_is_remembered(world: World) -> None:
    seen = []
    for _ in range(2):
        async with world.program() as verifier:
            session = await verifier.open(sorry_site(TEXT))
            seen.append(await session.site_state(Budget(seconds=60, checks=10)))
            await session.close()
    assert seen[0] == seen[1]
    assert world.server.elaborated == []


async def test_known_tactics_are_remembered_and_silence_is_not(world: World) -> None:
    budget = Budget(seconds=60, checks=100)

    async def ask(*texts: str) -> frozenset[str]:
        async with world.program() as verifier:
            session = await verifier.open(sorry_site(TEXT))
            known = await session.known_tactics(texts, budget)
            await session.close()
            return known

    silent = evolve(world, lean=lambda text: [])
    async with silent.program() as verifier:
        session = await verifier.open(sorry_site(TEXT))
        assert await session.known_tactics(["skip", "exact h"], budget) == frozenset()
        await session.close()
    assert await ask("skip", "exact h") == {"skip", "exact h"}
    assert await ask("skip", "exact h") == {"skip", "exact h"}
    assert world.server.elaborated == []


LASTING = {
    ("closed", ""): True,
    ("failed", "type mismatch"): True,
    ("failed", f"{NOT_RUN_HERE}: unknown identifier"): False,
    ("parse error", "expected term"): True,
    ("no change", ""): True,
    ("timed out", HUNG): True,
    ("timed out", HEARTBEATS_MET): True,
    ("timed out", "not run: the budget was spent"): False,
    ("timed out", "the budget ended before it did"): False,
    ("crashed", "Lean died"): False,
    ("refused", "refused: it is empty"): False,
}


@pytest.mark.parametrize(("kind", "message"), LASTING)
def test_what_lasts(kind: str, message: str) -> None:
    assert is_lasting(Outcome(kind=OutcomeKind(kind), message=message)) is LASTING[kind, message]


async def test_crashes_and_spent_budgets_are_asked_again(world: World) -> None:
    assert await world.check("bomb") == {"bomb": "crashed"}
    assert await world.check("bomb") == {"bomb": "crashed"}
    assert world.asked("bomb") == 1
    await world.check("exact h", checks=0)
    assert await world.check("exact h") == {"exact h": "closed"}


async def test_a_time_limit_cut_short_by_the_budget_says_nothing_of_the_candidate(world: World) -> None:
    await world.check("loop", seconds=0.5)
    await world.check("loop")
    assert world.asked("loop") == 1


async def test_what_hung_is_not_run_at_the_site_again(world: World) -> None:
    assert (await world.check("loop", "exact h")) == {"exact h": "closed", "loop": "timed out"}
    assert (await world.check("loop", "rfl")) == {"loop": "timed out", "rfl": "failed"}
    assert world.asked("loop") == 0


async def test_what_hung_gets_another_chance_after_a_day_or_with_a_larger_limit(world: World) -> None:
    await world.check("loop")
    longer = evolve(world, limits=LONGER)
    await longer.check("loop")
    assert longer.asked("loop") == 1
    world.now += HUNG_KEPT_S + 1
    await world.check("loop")
    assert world.asked("loop") == 1


async def test_what_hung_elsewhere_runs_last_and_alone(world: World) -> None:
    await world.check("loop")
    found = await world.check("loop", "exact h", "rfl", file=UNREACHABLE["an edit above"])
    assert list(found) == ["exact h", "rfl", "loop"]
    held = [edit for edit in world.server.elaborated if "(loop)" in edit]
    assert held
    assert not any("(exact h)" in edit for edit in held), "its batch mates do not pay for it"


async def test_what_ended_after_all_is_not_held_apart_any_more(world: World) -> None:
    await world.check("loop")
    tame = evolve(world, lean=lambda text: lean(text.replace("(loop)", "(tame)")))
    assert (await tame.check("loop", file=UNREACHABLE["an edit above"]))["loop"] == "failed"
    await tame.check("loop", "rfl", file=UNREACHABLE["another hypothesis"])
    assert any("(loop)" in edit and "(rfl)" in edit for edit in tame.server.elaborated)


async def test_a_check_that_is_cancelled_keeps_what_was_known_by_then(world: World) -> None:
    reached = asyncio.Event()
    small = evolve(world, limits=evolve(world.limits, batch_size=1))

    async def ask(verifier: CachedVerifier) -> None:
        session = await verifier.open(sorry_site(TEXT))
        try:
            async for _ in session.check((), candidates("exact h", "rfl"), Budget(seconds=60, checks=100)):
                reached.set()
                await asyncio.Event().wait()
        finally:
            await session.close()

    async with small.program() as verifier, asyncio.timeout(10):
        asking = asyncio.ensure_future(ask(verifier))
        await reached.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await outcomes(verifier, "rfl") == {"rfl": "failed"}, "the document is free again"
    await small.check("exact h")
    assert small.asked("exact h") == 0


async def test_a_file_that_somebody_else_wrote_gives_no_outcome(world: World) -> None:
    await world.check("exact h")
    for row in ("no JSON", '"a text"', "[]", "{}", '{"outcome": "proved"}', '{"outcome": "closed", "goals": 3}'):
        with closing(sqlite3.connect(world.path)) as connection:
            connection.execute("UPDATE outcomes SET value = ?", (row,))
            connection.commit()
        assert await world.check("exact h") == {"exact h": "closed"}
        assert world.asked("exact h") == 1


async def test_a_text_that_is_no_unicode_has_a_key(world: World) -> None:
    """Editors can send half of a surrogate pair."""
    odd = ABOVE + "-- \ud835\n" + SITE
    await world.check("exact h", file=odd)
    await world.check("exact h", file=odd)
    assert world.asked("exact h") == 0
