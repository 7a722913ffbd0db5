"""Completing a declaration on a made-up logic: what the time counts, what is said without a proof, one edit."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from attrs import define, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import ProofState, parse_goal
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.positions import apply_edits
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.api import ProofResult, ProofStatus, ProveProgress
from lean_sidekick.engine.prove import Prover
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.search.options import SearchOptions
from lean_sidekick.search.trace import NoTrace
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.verify.api import FinalStatus, FinalVerdict, Priority, Session, SiteState, Verifier
from support.made_up_logic import LogicSession, Rules, proves
from support.sites import sorry_site

TEXT = "theorem t : start := by\n  sorry\n"


@define
class Clock:
    """A clock that each check moves on."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@define
class SlowSession(LogicSession):
    """A session whose file takes a while to open, and each of whose questions takes a second."""

    clock: Clock = field(factory=Clock)
    opening_s: float = 7.0
    placeholder: str = "sorry"
    accepted: FinalStatus = FinalStatus.ACCEPTED

    async def site_state(self, budget: Budget) -> SiteState:
        self.clock.now += self.opening_s
        return SiteState(state=ProofState(goals=tuple(parse_goal(f"⊢ {g}") for g in self.roots)), prefix_error="")

    async def known_tactics(self, texts: Sequence[str], budget: Budget) -> frozenset[str]:
        return frozenset(texts)

    def refuses(self, candidate: Candidate) -> Outcome | None:
        self.clock.now += 1.0
        return None

    async def run_steps(self, steps: Sequence[str], budget: Budget) -> Outcome:
        block = steps[-1]
        admitted = {goal: {self.placeholder: ()} for goal in ("start", "left", "right", "x")}
        rules = {goal: {**self.rules.get(goal, {}), **admitted.get(goal, {})} for goal in {*self.rules, *admitted}}
        is_run = proves(rules, self.roots, block)
        return Outcome(kind=OutcomeKind.CLOSED if is_run else OutcomeKind.FAILED)

    async def final_check(self, block: str, budget: Budget) -> FinalVerdict:
        is_proof = proves(self.rules, self.roots, block)
        return FinalVerdict(
            status=self.accepted if is_proof else FinalStatus.REFUSED, message=self.accepted.value if is_proof else "no"
        )

    async def close(self) -> None:
        pass


@define
class OneSession:
    """A verifier of one session."""

    session: SlowSession

    async def open(self, site: ProofSite, priority: Priority = Priority.CURSOR) -> Session:
        return cast(Session, self.session)

    async def close(self) -> None:
        pass


@define
class Ticking:
    """A generator whose every answer takes a second."""

    texts: tuple[str, ...]
    clock: Clock

    async def generate(self, request: TacticRequest) -> list[Candidate]:
        self.clock.now += 1.0
        return [Candidate(text=text, source=Source.PORTFOLIO, score=-1.0) for text in self.texts]


async def prove(rules: Rules, *texts: str, seconds: float = 5.0, opening_s: float = 7.0, **more: Any) -> ProofResult:
    clock = Clock()
    session = SlowSession(rules, ("start",), clock=clock, opening_s=opening_s, **more)
    progress: list[ProveProgress] = []
    prover = Prover(
        verifier=cast(Verifier, OneSession(session)),
        sources=Sources(generator=Ticking(texts, clock), probes=()),
        on_progress=progress.append,
        options=SearchOptions(),
        trace=NoTrace(),
    )
    budget = Budget(seconds=seconds, checks=1000, clock=clock)
    result = await prover.prove(sorry_site(TEXT), budget)
    assert progress
    return result


async def test_opening_the_file_is_not_the_time_of_the_search() -> None:
    """A file that takes longer to open than the search may take is searched all the same, and both times are said."""
    result = await prove({"start": {"a": ("x",)}, "x": {"b": ()}}, "a", "b")
    assert result.status is ProofStatus.PROVED
    assert (result.opening_s, result.seconds) == (7.0, 2.0)
    result = await prove({"start": {"a": ("1",)}, **{str(i): {"a": (str(i + 1),)} for i in range(1, 30)}}, "a")
    assert result.status is ProofStatus.TIMED_OUT
    assert result.message.startswith("no proof was found in 5 s, after 7 s to open the file")


async def test_a_proof_comes_as_one_edit() -> None:
    result = await prove({"start": {"split": ("left", "right")}, "left": {"a": ()}, "right": {"a": ()}}, "split", "a")
    (edit,) = result.edits
    assert apply_edits(TEXT, [edit]) == "theorem t : start := by\n  split\n  · a\n  · a\n"
    assert result.found_s is not None and result.partial is None


@pytest.mark.parametrize(
    ("accepted", "status"),
    [
        (FinalStatus.ACCEPTED, ProofStatus.PROVED),
        (FinalStatus.ACCEPTED_WITH_SORRY, ProofStatus.PROVED_WITH_SORRY),
        (FinalStatus.ACCEPTED_AXIOMS_UNKNOWN, ProofStatus.PROVED_AXIOMS_UNKNOWN),
        (FinalStatus.UNVERIFIED_AXIOMS, ProofStatus.NOT_PROVED),
        (FinalStatus.TIMED_OUT, ProofStatus.NOT_PROVED),
        (FinalStatus.CRASHED, ProofStatus.NOT_PROVED),
    ],
)
async def test_a_proof_is_what_the_final_check_says(accepted: FinalStatus, status: ProofStatus) -> None:
    """What is not a plain proof says why, and what was not accepted is not put in."""
    result = await prove({"start": {"a": ()}}, "a", accepted=accepted)
    assert result.status is status
    assert bool(result.edits) is (status is not ProofStatus.NOT_PROVED)
    if status is not ProofStatus.NOT_PROVED:
        assert result.message == accepted.value


async def test_without_a_proof_the_best_state_comes_as_an_edit_that_is_no_proof() -> None:
    result = await prove({"start": {"split": ("left", "right")}, "left": {"a": ()}}, "split", "a", opening_s=0.1)
    assert (result.status, result.proof, result.edits) == (ProofStatus.NOT_PROVED, None, ())
    assert result.message == (
        "no proof was found, and nothing is left to try; the best partial proof proves 1 and leaves 1 goal open"
    )
    assert apply_edits(TEXT, list(result.partial_edits)) == "theorem t : start := by\n  split\n  · a\n  · sorry\n"


async def test_an_early_lean_gets_its_own_placeholder() -> None:
    rules: Rules = {"start": {"split": ("left", "right")}, "left": {"a": ()}}
    result = await prove(rules, "split", "a", placeholder="admit")
    assert result.partial is not None and result.partial.block == "split\n· a\n· admit"


async def test_a_partial_proof_that_lean_does_not_run_is_not_offered() -> None:
    rules: Rules = {"start": {"split": ("left", "right")}, "left": {"a": ()}}
    result = await prove(rules, "split", "a", placeholder="neither")
    assert result.partial is None and result.partial_edits == ()
