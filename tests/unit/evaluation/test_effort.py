"""The scripted user: takes what leads where the reference proof leads, and types the rest. No Lean."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from attrs import define, evolve, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import InputError, TimedOut
from lean_sidekick.core.goals import Goal, ProofState, parse_goal
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.positions import Position, TextEdit, TextMap
from lean_sidekick.engine.api import DocumentText, ProofResult, ProofStatus, ProveProgress, Suggestion, SuggestionRound
from lean_sidekick.engine.site_finder import find_site
from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.effort import Asked, Done, EffortTask, ScriptedUser, TheoremEffort
from lean_sidekick.evaluation.effort_run import EffortRun
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.pool import LocalPool
from lean_sidekick.evaluation.reference import ReferencedItem, read_referenced
from lean_sidekick.evaluation.run_folder import open_run_folder
from lean_sidekick.search.trace import Trace
from support.scripted_bench import scripted_run

STATEMENT = "theorem t (p q : Prop) (hp : p) (hq : q) : r → p ∧ q := by\n"
PROOF = "intro h\napply And.intro\ncase left => exact hp\ncase right =>\n  exact hq"
BEFORE = "  admit\n"
INTRODUCED = "  intro h\n  admit\n"
SPLIT = "  intro h\n  apply And.intro\n  admit\n"
LEFT = "  intro h\n  apply And.intro\n  case left => admit\n  admit\n"
RIGHT = "  intro h\n  apply And.intro\n  case left => exact hp\n  admit\n"
INSIDE = "  intro h\n  apply And.intro\n  case left => exact hp\n  case right =>\n    admit\n"
STATES = {
    BEFORE: ("⊢ r → p ∧ q",),
    INTRODUCED: ("h : r\n⊢ p ∧ q",),
    SPLIT: ("case left\n⊢ p", "case right\n⊢ q"),
    LEFT: ("⊢ p",),
    RIGHT: ("case right\n⊢ q",),
    INSIDE: ("⊢ q",),
}


def goals(texts: tuple[str, ...]) -> tuple[Goal, ...]:
    return tuple(parse_goal(text) for text in texts)


def suggestion(text: str, left: tuple[str, ...], *, is_confirmed: bool = True) -> Suggestion:
    kind = OutcomeKind.PROGRESS if left else OutcomeKind.CLOSED
    return Suggestion(
        candidate=Candidate(text=text, source=Source.PORTFOLIO, score=-1.0),
        outcome=Outcome(kind=kind, goals=goals(left)),
        goals_left=goals(left),
        edit=TextEdit(start=0, end=0, new_text=text),
        effect="",
        is_confirmed=is_confirmed,
    )


@define
class Helper:
    """An engine that says what a test wants at each document, and keeps what it was shown."""

    suggestions: Mapping[str, list[Suggestion]] = field(factory=dict)
    proofs: Mapping[str, str] = field(factory=dict)
    is_slow: bool = False
    shown: list[str] = field(factory=list)

    async def suggest(
        self, document: DocumentText, position: Position, budget: Budget
    ) -> AsyncGenerator[SuggestionRound, None]:
        assert TextMap(document.text).offset(position) == document.text.index("admit")
        self.shown.append(document.text)
        if self.is_slow and len(self.shown) > 1:  # the first question is to warm up
            raise TimedOut("Lean did not answer within 1 s.")
        body = document.text.removeprefix(STATEMENT)
        site = find_site(document.text, document.uri, document.version, position)
        yield SuggestionRound(
            site=site,
            state=ProofState(goals=goals(STATES[body])),
            suggestions=tuple(self.suggestions.get(body, [])),
            is_complete=True,
            checks=1,
            seconds=0.1,
            warning="",
        )

    async def prove_at(
        self,
        document: DocumentText,
        position: Position,
        budget: Budget,
        on_progress: Callable[[ProveProgress], None],
        trace: Trace | None = None,
    ) -> ProofResult:
        self.shown.append(document.text)
        if self.is_slow:
            raise TimedOut("Lean did not answer within 1 s.")
        proof = self.proofs.get(document.text.removeprefix(STATEMENT))
        return ProofResult(
            declaration="t",
            status=ProofStatus.PROVED if proof else ProofStatus.TIMED_OUT,
            proof=proof,
            edits=(),
            axioms=(),
            seconds=0.1,
            checks=1,
            message="",
        )

    def prove_all(self, *arguments: object) -> AsyncGenerator[ProofResult, None]:
        raise AssertionError("the scripted user never asks this")

    async def close(self) -> None:
        pass


def user_of(helper: Helper, asked: Asked) -> ScriptedUser:
    async def state_at(document: DocumentText, position: Position) -> tuple[Goal, ...]:
        state = STATES.get(document.text.removeprefix(STATEMENT))
        if state is None:
            raise InputError("Lean sees no tactic state here.")
        return goals(state)

    return ScriptedUser(
        engine=helper, state_at=state_at, asked=asked, seconds=1.0, check_limit=100, uri="file:///A.lean"
    )


async def effort(helper: Helper, asked: Asked = Asked.SUGGESTIONS, proof: str = PROOF) -> TheoremEffort:
    referenced = ReferencedItem(item=Item(name="t", text=STATEMENT), proof=proof)
    return await user_of(helper, asked).run(EffortTask(index=0, referenced=referenced))


def told(found: TheoremEffort) -> list[tuple[Done, int]]:
    return [(moment.done, moment.steps) for moment in found.moments]


async def test_without_help_everything_is_typed() -> None:
    helper = Helper()
    found = await effort(helper)
    assert (found.steps, found.typed, found.message) == (6, 6, "")
    assert [text.removeprefix(STATEMENT) for text in helper.shown[1:]] == [
        BEFORE,
        INTRODUCED,
        SPLIT,
        LEFT,
        RIGHT,
        INSIDE,
    ], "the program sees what stands above the place, and nothing of what the user will type"


async def test_what_closes_everything_is_taken_for_all_steps() -> None:
    found = await effort(Helper({BEFORE: [suggestion("exact fun _ => ⟨hp, hq⟩", ())]}))
    assert told(found) == [(Done.CLOSED, 6)]
    assert found.typed == 0


async def test_a_step_is_right_by_the_goals_that_it_leaves() -> None:
    """`constructor` does what `apply And.intro` does; closing the first goal stands for its `case`."""
    found = await effort(
        Helper(
            {
                INTRODUCED: [suggestion("simp", ("h : r\n⊢ q ∧ p",)), suggestion("constructor", STATES[SPLIT])],
                SPLIT: [suggestion("assumption", STATES[RIGHT])],
                RIGHT: [suggestion("exact hq", ())],
            }
        )
    )
    assert told(found) == [(Done.TYPED, 1), (Done.RIGHT_STEP, 1), (Done.RIGHT_STEP, 2), (Done.CLOSED, 2)]
    assert found.typed == 1


async def test_a_suggestion_may_stand_for_several_steps() -> None:
    found = await effort(Helper({BEFORE: [suggestion("intro h; constructor", STATES[SPLIT])]}))
    assert told(found)[0] == (Done.RIGHT_STEP, 2)


async def test_other_names_and_unconfirmed_closings_are_not_taken() -> None:
    found = await effort(
        Helper(
            {
                BEFORE: [suggestion("intro x", ("x : r\n⊢ p ∧ q",))],
                INTRODUCED: [suggestion("exact magic", (), is_confirmed=False)],
            }
        )
    )
    assert found.typed == 6


async def test_the_reference_step_itself_is_right_whatever_it_leaves() -> None:
    found = await effort(Helper({BEFORE: [suggestion("intro  h", ("something else",))]}))
    assert told(found)[0] == (Done.RIGHT_STEP, 1)


async def test_waiting_for_nothing_is_no_help_and_no_error() -> None:
    found = await effort(Helper(is_slow=True))
    assert (found.typed, found.message) == (6, "")
    assert (await effort(Helper(is_slow=True), Asked.PROOF)).typed == 6


async def test_a_whole_proof_ends_the_theorem_wherever_it_is_found() -> None:
    found = await effort(Helper(proofs={LEFT: "intro h\n…"}), Asked.PROOF)
    assert told(found) == [(Done.TYPED, 1)] * 3 + [(Done.COMPLETED, 3)]
    assert sum(steps for _, steps in told(found)) == found.steps


async def test_what_cannot_be_measured_is_said_and_counts_for_nothing() -> None:
    found = await effort(Helper(), proof="intro h\nintro nothing\nexact h")
    assert (found.message, found.moments) == ("Lean sees no tactic state here.", ())


async def test_figures_of_a_run_come_from_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    rows = [{"name": "t", "statement": STATEMENT.strip(), "reference_proof": PROOF}]
    rows += [{"name": "u", "statement": STATEMENT.strip(), "reference_proof": "intro h\nintro nothing\nexact h"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    data = open_data_set(path, Selection(), None)
    record = evolve(scripted_run(data, 1).record, kind="effort")
    helper = Helper({INTRODUCED: [suggestion("constructor", STATES[SPLIT])], SPLIT: [suggestion("x", STATES[RIGHT])]})

    @define
    class Users:
        @asynccontextmanager
        async def open(self, number: int) -> AsyncIterator[ScriptedUser]:
            yield user_of(helper, Asked.SUGGESTIONS)

    run = EffortRun(data=data, record=record)
    with open_run_folder(tmp_path / "out", record, data, restart=False) as folder:
        async with aclosing(run.theorems(LocalPool(workers=Users(), count=1), folder)) as results:
            assert [found.name async for found in results] == ["t", "u"]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["theorems"], summary["errors"], summary["steps"], summary["steps_typed"]) == (1, 1, 6, 3)
    assert (summary["share_automated"], summary["typed_per_theorem"]) == (0.5, 3.0)
    assert summary["steps_by"]["right step taken"] == 3


def test_an_item_without_a_reference_proof_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"name": "t", "statement": STATEMENT.strip()}) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1: t has no `reference_proof`"):
        list(read_referenced(open_data_set(path, Selection(), None)))
