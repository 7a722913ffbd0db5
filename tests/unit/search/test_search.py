"""Both kinds of search on a made-up logic: order, budget, refusals, dead ends, shared metavariables. No Lean."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.search.options import SearchKind
from lean_sidekick.search.result import SearchStatus
from support.made_up_logic import Attempt, Rules, proves

KINDS = list(SearchKind)
GOALS = ("start", "b", "c", "d", "e")
TACTICS = ("t", "u", "v", "w")


pytestmark = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)


async def test_a_proof_of_several_steps_is_found(kind: SearchKind) -> None:
    rules: Rules = {"start": {"split": ("left", "right")}, "left": {"a": ()}, "right": {"b": ("c",)}, "c": {"a": ()}}
    attempt = Attempt(kind, rules, {"a": -1.0, "b": -1.0, "split": -1.0})
    result = await attempt.run()
    assert result.status is SearchStatus.PROVED
    assert result.block == "split\n· a\n· b\n  a"
    assert attempt.progress, "a search says what it does"


async def test_the_likelier_branch_is_expanded_first(kind: SearchKind) -> None:
    rules: Rules = {"start": {"good": ("near",), "bad": ("far",)}, "near": {"a": ()}, "far": {"a": ()}}
    attempt = Attempt(kind, rules, {"bad": -5.0, "good": -0.1, "a": -3.0})
    await attempt.run()
    expanded = list(dict.fromkeys(goal for goal, _ in attempt.session.asked))
    assert expanded[:2] == ["start", "near"]
    assert kind is SearchKind.MCTS or "far" not in expanded


async def test_what_cannot_be_proved_is_exhausted_and_not_proved(kind: SearchKind) -> None:
    rules: Rules = {"start": {"a": ("start",), "b": ("x",)}, "x": {"a": ("start",)}}
    result = await Attempt(kind, rules, {"a": -1.0, "b": -1.0}).run()
    assert result.status is SearchStatus.EXHAUSTED
    assert result.block is None


async def test_a_timed_out_tactic_is_never_a_step_and_is_not_tried_below(kind: SearchKind) -> None:
    rules: Rules = {"start": {"loop": OutcomeKind.TIMED_OUT, "a": ("x",)}, "x": {"loop": ()}}
    attempt = Attempt(kind, rules, {"loop": -1.0, "a": -2.0})
    assert (await attempt.run()).block is None
    assert ("x", "loop") not in attempt.session.asked


async def test_crashed_and_unchanged_candidates_are_no_steps(kind: SearchKind) -> None:
    rules: Rules = {"start": {"crash": OutcomeKind.CRASHED, "same": OutcomeKind.NO_CHANGE}}
    result = await Attempt(kind, rules, {"crash": -1.0, "same": -1.0}).run()
    assert result.status is SearchStatus.EXHAUSTED


async def test_the_budget_of_checks_ends_the_search(kind: SearchKind) -> None:
    rules: Rules = {"start": {"a": ("1",)}, **{str(i): {"a": (str(i + 1),)} for i in range(1, 50)}}
    attempt = Attempt(kind, rules, {"a": -1.0}, checks=5)
    assert (await attempt.run()).status is SearchStatus.BUDGET_SPENT
    assert len(attempt.session.asked) == 5


async def test_a_proof_that_the_final_check_refuses_is_not_a_proof_and_another_is_looked_for(kind: SearchKind) -> None:
    rules: Rules = {"start": {"cheat": (), "honest": ("x",)}, "x": {"a": ()}}
    scores = {"cheat": -1.0, "honest": -2.0, "a": -1.0}
    result = await Attempt(kind, rules, scores, refused={"cheat": "it uses sorry"}).run()
    assert result.block == "honest\na"
    assert result.refused == 1
    result = await Attempt(kind, {"start": {"cheat": ()}}, {"cheat": -1.0}, refused={"cheat": "it uses sorry"}).run()
    assert result.block is None
    assert result.last_refusal == "it uses sorry"


async def test_goals_that_share_a_metavariable_are_proved_together(kind: SearchKind) -> None:
    """Closing the first by itself fixes what the second is about: the two are one node, and have no bullets."""
    rules: Rules = {
        "start": {"apply": ("p ?x", "q ?x", "r")},
        "p ?x & q ?x": {"wrong": ("q 1",), "right": ("q 2",)},
        "q 1": {},
        "q 2": {"exact": ()},
        "r": {"exact": ()},
    }
    scores = {"apply": -0.5, "wrong": -1.0, "right": -1.5, "exact": -1.0}
    result = await Attempt(kind, rules, scores).run()
    assert result.block == "apply\nright\nexact\n· exact"


async def test_roots_that_share_a_metavariable_are_proved_together(kind: SearchKind) -> None:
    rules: Rules = {"p ?x & q ?x": {"a": ("q 2",)}, "q 2": {"b": ()}}
    result = await Attempt(kind, rules, {"a": -1.0, "b": -1.0}, roots=("p ?x", "q ?x")).run()
    assert result.block == "a\nb"


async def test_a_tactic_that_makes_lean_forget_another_goal_has_not_proved_it(kind: SearchKind) -> None:
    """An early Lean prints no goals after it, and misses the proof at the end of the declaration alone."""
    rules: Rules = {
        "start": {"apply": ("p ?x", "q ?x")},
        "p ?x & q ?x": {"forgets": (), "exact": ("q 2",)},
        "q 2": {"exact": ()},
    }
    attempt = Attempt(kind, rules, {"apply": -0.5, "forgets": -0.6, "exact": -1.5})
    result = await attempt.run()
    assert result.block == "apply\nexact\nexact"
    assert result.refused == 0


async def test_a_goal_that_is_false_for_small_values_is_not_worked_on(kind: SearchKind) -> None:
    rules: Rules = {"start": {"tempting": ("1 = 2",), "dull": ("b",)}, "1 = 2": {"t": ("c",)}, "b": {"exact": ()}}
    attempt = Attempt(kind, rules, {"tempting": -0.1, "dull": -3.0, "t": -0.1, "exact": -1.0})
    result = await attempt.run()
    assert result.block == "dull\nexact"
    assert not any("1 = 2" in str(place) for place in attempt.session.asked)


async def test_of_two_ways_to_the_same_goals_the_cheaper_step_is_taken(kind: SearchKind) -> None:
    """`cases n <;> simp` scores better than `cases n`, but as a step that leaves goals it costs more."""
    rules: Rules = {"start": {"u <;> simp": ("x", "y"), "u": ("x", "y")}, "x": {"a": ()}, "y": {"a": ()}}
    result = await Attempt(kind, rules, {"u <;> simp": -1.0, "u": -1.2, "a": -1.0}).run()
    assert result.block is not None and result.block.splitlines()[0] == "u"


async def test_goals_that_share_nothing_are_searched_apart(kind: SearchKind) -> None:
    """What was learned about one goal is not learned again for each way to prove the other."""
    rules: Rules = {
        "start": {"split": ("l", "r")},
        "l": {"a": ("l1",), "b": ("l2",)},
        "l1": {},
        "l2": {"c": ()},
        "r": {"d": ("r1",)},
        "r1": {"c": ()},
    }
    attempt = Attempt(kind, rules, {"split": -1.0, "a": -1.0, "b": -1.1, "c": -1.0, "d": -1.0})
    assert (await attempt.run()).block == "split\n· b\n  c\n· d\n  c"
    assert max(Counter(attempt.session.asked).values()) == 1


async def test_without_merging_equal_states_are_searched_apart(kind: SearchKind) -> None:
    rules: Rules = {"start": {"a": ("x", "y")}, "x": {"b": ("z",)}, "y": {"b": ("z",)}, "z": {"e": ()}}
    scores = {"a": -1.0, "b": -1.0, "e": -1.0}
    merged, apart = Attempt(kind, rules, scores), Attempt(kind, rules, scores, merges_states=False)
    assert (await merged.run()).block == (await apart.run()).block
    assert Counter(merged.session.asked)["z", "e"] == 1
    assert Counter(apart.session.asked)["z", "e"] == 2


async def test_without_a_proof_the_best_state_is_given_with_placeholders(kind: SearchKind) -> None:
    rules: Rules = {"start": {"split": ("left", "right")}, "left": {"a": ()}}
    result = await Attempt(kind, rules, {"split": -1.0, "a": -1.0}).run()
    assert result.partial is not None
    assert result.partial.block == "split\n· a\n· sorry"
    assert (result.partial.goals_open, result.partial.goals_proved) == (1, 1)


async def test_where_no_step_makes_the_goal_easier_there_is_no_partial_proof(kind: SearchKind) -> None:
    """A lone placeholder is no progress, though something further down looks easier than what is above it."""
    worst, worse = "start and " * 40 + "more", "start and " * 20 + "more"
    result = await Attempt(kind, {"start": {"a": (worst,)}, worst: {"b": (worse,)}}, {"a": -1.0, "b": -1.0}).run()
    assert result.partial is None


async def test_being_cancelled_ends_the_search_at_once(kind: SearchKind) -> None:
    attempt = Attempt(kind, {}, {"a": -1.0})
    attempt.session.pause = asyncio.Event()
    task = asyncio.create_task(attempt.run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 0.1)


async def test_one_edit_serves_several_goals_of_mcts(kind: SearchKind) -> None:
    """Descents that leave a virtual loss end at different goals, whose candidates are run together."""
    rules: Rules = {"start": {"a": ("x",), "b": ("y",), "c": ("z",)}, "x": {}, "y": {}, "z": {"d": ()}}
    attempt = Attempt(kind, rules, {"a": -1.0, "b": -1.1, "c": -1.2, "d": -1.0})
    assert (await attempt.run()).block == "c\nd"
    assert attempt.session.together == ([3] if kind is SearchKind.MCTS else [])


_LEFT = st.lists(st.sampled_from(GOALS), max_size=3).map(tuple)
_VERDICT = st.one_of(_LEFT, st.sampled_from([OutcomeKind.FAILED, OutcomeKind.NO_CHANGE, OutcomeKind.CRASHED]))
_RULES = st.dictionaries(st.sampled_from(GOALS), st.dictionaries(st.sampled_from(TACTICS), _VERDICT), min_size=1)
_SCORES = st.fixed_dictionaries({tactic: st.floats(-6.0, -0.1) for tactic in TACTICS})


def provable(rules: Rules) -> set[str]:
    """The goals that have a proof, by saturation."""
    found: set[str] = set()
    while True:
        new = {
            goal
            for goal, tactics in rules.items()
            if any(not isinstance(left, OutcomeKind) and found.issuperset(left) for left in tactics.values())
        }
        if new <= found:
            return found
        found |= new


@pytest.mark.parametrize("merges_states", [True, False])
@given(rules=_RULES, scores=_SCORES, seed=st.integers(0, 3))
def test_a_proof_is_found_if_and_only_if_there_is_one(
    kind: SearchKind, merges_states: bool, rules: Rules, scores: dict[str, float], seed: int
) -> None:
    """On every small AND/OR graph, circles included; what is found holds by the rules; nothing is asked twice."""
    attempt = Attempt(kind, rules, scores, seed=seed, checks=20_000, merges_states=merges_states)
    result = asyncio.run(attempt.run())
    if "start" in provable(rules):
        assert result.status is SearchStatus.PROVED and result.block is not None
        assert proves(rules, ("start",), result.block)
    else:
        assert result.status is SearchStatus.EXHAUSTED and result.block is None
    if merges_states:
        assert max(Counter(attempt.session.asked).values(), default=1) == 1


@given(rules=_RULES, scores=_SCORES, seed=st.integers(0, 3))
def test_a_search_repeats_itself(kind: SearchKind, rules: Rules, scores: dict[str, float], seed: int) -> None:
    first, second = (Attempt(kind, rules, scores, seed=seed) for _ in range(2))
    assert asyncio.run(first.run()) == asyncio.run(second.run())
    assert first.session.asked == second.session.asked
    assert first.trace.events == second.trace.events


@given(rules=_RULES, scores=_SCORES, refused=st.sets(st.sampled_from(TACTICS)))
def test_what_the_final_check_refuses_is_never_the_result(
    kind: SearchKind, rules: Rules, scores: dict[str, float], refused: set[str]
) -> None:
    attempt = Attempt(kind, rules, scores, refused=dict.fromkeys(refused, "no"), checks=5_000)
    result = asyncio.run(attempt.run())
    assert result.block not in refused
