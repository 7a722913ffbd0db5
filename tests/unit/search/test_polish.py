"""Making a found proof shorter: what is left out, what Lean is asked, and that nothing is taken without its word."""

from collections.abc import Sequence
from typing import cast

import pytest
from attrs import define, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.search.options import SearchKind
from lean_sidekick.search.polish import Polisher, PolishOptions, lines_before, places, variants
from lean_sidekick.search.proof_text import Step, block_of
from lean_sidekick.verify.api import Session
from support.made_up_logic import Attempt, Rules


@define
class Oracle:
    """A session that takes the blocks that it is told, and knows what `simp` used."""

    good: frozenset[str]
    used: dict[str, str] = field(factory=dict)
    asked: list[str] = field(factory=list)
    lines: list[list[str]] = field(factory=list)

    async def confirm(self, block: str, budget: Budget) -> Outcome:
        budget.spend_checks(1)
        self.asked.append(block)
        return Outcome(kind=OutcomeKind.CLOSED if block in self.good else OutcomeKind.FAILED)

    async def narrowed(self, steps: Sequence[str], text: str, budget: Budget) -> str | None:
        self.lines.append(list(steps))
        return self.used.get(text)


def polisher(oracle: Oracle, checks: int = 100) -> Polisher:
    budget = Budget(seconds=10, checks=checks, clock=lambda: 0.0)
    return Polisher(session=cast(Session, oracle), budget=budget, render=block_of)


def proof(*texts: str) -> tuple[Step, ...]:
    """Steps one below the other."""
    step = Step(text=texts[-1])
    for text in reversed(texts[:-1]):
        step = Step(text=text, parts=(step,))
    return (step,)


async def test_steps_that_are_not_needed_go() -> None:
    oracle = Oracle(frozenset(["b\nc", "c"]))
    assert block_of(await polisher(oracle).shorten(proof("a", "b", "c"))) == "c"


async def test_a_shorter_text_that_lean_does_not_take_is_not_taken() -> None:
    oracle = Oracle(frozenset())
    steps = proof("a", "intro x", "intro y", "simp [h]")
    assert await polisher(oracle).shorten(steps) == steps
    assert len(set(oracle.asked)) == len(oracle.asked), "nothing is asked twice"
    assert {"intro x\nintro y\nsimp [h]", "a\nintro x y\nsimp [h]", "a\nintro x\nintro y\nsimp"} <= set(oracle.asked)


async def test_only_a_step_that_leaves_one_goal_is_left_out() -> None:
    split = (Step(text="split", parts=(Step(text="a"), Step(text="b"))),)
    assert list(variants(split)) == []


async def test_arguments_that_simp_does_not_need_go() -> None:
    oracle = Oracle(frozenset(["simp [b, c]", "simp [b]"]))
    assert block_of(await polisher(oracle).shorten(proof("simp [a, b, c]"))) == "simp [b]"


@pytest.mark.parametrize(
    ("steps", "plainer"),
    [
        (
            Step(
                text="induction n with | zero => ?_ | succ n ih => ?_",
                parts=(Step(text="rfl"), Step(text="exact h n")),
            ),
            "cases n with\n| zero => rfl\n| succ n => exact h n",
        ),
        (Step(text="refine ⟨x, ?_⟩", parts=(Step(text="rfl"),)), "exact ⟨x, rfl⟩"),
        (Step(text="refine ⟨x, ?_⟩", parts=(Step(text="exact h.2"),)), "exact ⟨x, h.2⟩"),
        (Step(text="funext x", parts=(Step(text="funext y", parts=(Step(text="rfl"),)),)), "funext x y\nrfl"),
    ],
)
async def test_what_a_person_would_write_instead(steps: Step, plainer: str) -> None:
    oracle = Oracle(good=frozenset([plainer]))
    assert block_of(await polisher(oracle).shorten((steps,))) == plainer


@pytest.mark.parametrize(
    "steps",
    [
        Step(
            text="induction n with | zero => ?_ | succ n ih => ?_",
            parts=(Step(text="rfl"), Step(text="intro h", parts=(Step(text="rw [ih h]"),))),
        ),
        Step(text="refine ⟨x, ?_⟩", parts=(Step(text="rw [h]"),)),
        Step(text="intro x", parts=(Step(text="funext y", parts=(Step(text="rfl"),)),)),
    ],
)
def test_what_is_needed_is_not_written_otherwise(steps: Step) -> None:
    texts = [block_of(one) for one in variants((steps,))]
    assert not [text for text in texts if text.startswith(("cases", "exact", "intro x y", "funext x"))]


async def test_polishing_ends_with_its_checks() -> None:
    oracle = Oracle(frozenset())
    await polisher(oracle, checks=2).shorten(proof("a", "b", "c", "d"))
    assert len(oracle.asked) == 2


async def test_simp_is_narrowed_where_lean_takes_it() -> None:
    used = {"simp": "simp only [x]", "simp [h]": "simp only [h, y]"}
    steps = (Step(text="split", parts=(Step(text="simp"), Step(text="cases h", parts=(Step(text="simp [h]"),)))),)
    oracle = Oracle(frozenset(["split\n· simp only [x]\n· cases h\n  simp [h]"]), used)
    assert block_of(await polisher(oracle).narrow(steps)) == "split\n· simp only [x]\n· cases h\n  simp [h]"
    assert oracle.lines == [["split"], ["split", "· admit", "cases h"]]


def test_the_lines_before_a_step_bring_its_goal_back() -> None:
    steps = (Step(text="a"), Step(text="b", parts=(Step(text="c"), Step(text="d", parts=(Step(text="e"),)))))
    found = {step.text: lines_before(steps, place) for place, step in places(steps)}
    assert found == {
        "a": [],
        "b": ["skip", "· admit"],
        "c": ["skip", "· admit", "b"],
        "d": ["skip", "· admit", "b", "· admit"],
        "e": ["skip", "· admit", "b", "· admit", "d"],
    }


async def test_a_single_tactic_that_was_not_tried_yet_replaces_several() -> None:
    kind = SearchKind.BEST_FIRST
    rules: Rules = {"start": {"a": ("x",), "z": ()}, "x": {"b": ("y",), "w": ()}, "y": {"b": ()}}
    scores = {"a": -0.1, "b": -0.2, **{f"no {i}": -1.0 for i in range(40)}, "w": -2.0, "z": -2.0}
    plain, polished = Attempt(kind, rules, scores), Attempt(kind, rules, scores, polish=PolishOptions())
    assert (await plain.run()).block == "a\nb\nb"
    result = await polished.run()
    assert result.block == "z"
    assert result.found_s == 0.0


@pytest.mark.parametrize("kind", SearchKind, ids=lambda kind: kind.value)
async def test_a_shorter_proof_that_the_final_check_refuses_leaves_the_first(kind: SearchKind) -> None:
    rules: Rules = {"start": {"a": ("x",), "z": ()}, "x": {"b": ()}}
    scores = {"a": -0.1, "b": -0.2, **{f"no {i}": -1.0 for i in range(40)}, "z": -2.0}
    attempt = Attempt(kind, rules, scores, polish=PolishOptions(), refused={"z": "it uses sorry"})
    assert (await attempt.run()).block == "a\nb"
