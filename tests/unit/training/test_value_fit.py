"""Fitting a value from traces: it learns what decides, repeats itself, and is judged on what it was not fitted on."""

import random
from pathlib import Path

import pytest

from lean_sidekick.cli import app
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import parse_goals
from lean_sidekick.search.trace import BatchRun, NodeEnded, NodeMet, SearchBegan, SearchEnded, SearchLog, event_line
from lean_sidekick.search.value import HandMadeValue, read_value, write_value
from lean_sidekick.training.value import examples_of, fit, half_of, judge_halves

LONG, SHORT = "⊢ " + " + ".join("abcdefgh") + " = 0", "⊢ a = b"


def log(name: str, *nodes: tuple[str, bool], is_cut_off: bool = False) -> SearchLog:
    """A search that tried these goals below its first; one more goal was met and never tried."""
    goals = [("⊢ root", False), *nodes, ("⊢ never tried", False)]
    found = SearchLog(began=SearchBegan(declaration=name, kind="mcts", seconds=1.0, merges_states=True))
    for number, (goal, is_proved) in enumerate(goals):
        found.nodes[number] = NodeMet(
            node=number, goals=(goal,), depth=number, cost=0.0, value=0.5, is_root=number == 0, checks=0
        )
        found.ended[number] = NodeEnded(node=number, is_proved=is_proved, visits=1, value=0.5, waiting=0)
    found.batches.extend(BatchRun(node=n, seconds=0.0, candidates=(), waiting=0) for n in range(len(nodes) + 1))
    if not is_cut_off:
        found.end.append(SearchEnded(status="", seconds=1, checks=1, expanded=1, proof=None, partial=None))
    return found


def many(seed: int = 0) -> list[SearchLog]:
    """Searches in which short goals are mostly proved and long ones mostly not."""
    chance = random.Random(seed)
    return [
        log(
            f"t{index}",
            *((goal, (goal == SHORT) != (chance.random() < 0.1)) for goal in chance.choices([LONG, SHORT], k=4)),
        )
        for index in range(40)
    ]


def test_only_goals_that_were_tried_in_searches_that_ended_are_examples() -> None:
    examples = examples_of(
        [log("a", (SHORT, True), (LONG, False)), log("b", (SHORT, True), is_cut_off=True)], HandMadeValue()
    )
    assert [(one.declaration, one.is_proved, one.weight) for one in examples] == [("a", True, 0.5), ("a", False, 0.5)]


def test_what_decides_is_learned() -> None:
    value = fit(examples_of(many(), HandMadeValue()))
    assert value.value(parse_goals([SHORT]), 1) > 0.75
    assert value.value(parse_goals([LONG]), 1) < 0.25


def test_a_fit_repeats_itself() -> None:
    assert fit(examples_of(many(), HandMadeValue())) == fit(examples_of(many(), HandMadeValue()))


def test_a_half_is_judged_by_the_other_half_alone() -> None:
    """What nothing but the name decides cannot be foretold: on the other half the fit is no better than chance."""
    logs = [log(f"t{index}", *[(SHORT if half_of(f"t{index}") else LONG, bool(index % 2))] * 4) for index in range(60)]
    for report in judge_halves(examples_of(logs, HandMadeValue())):
        assert report.fitted.area == 0.5
    for report in judge_halves(examples_of(many(), HandMadeValue())):
        assert report.fitted.area > 0.8


@pytest.mark.parametrize("logs", [[], [log("a", (SHORT, True))], [log(f"t{i}", (SHORT, True)) for i in range(40)]])
def test_too_little_to_fit_is_said(logs: list[SearchLog]) -> None:
    with pytest.raises(InputError, match="record more searches"):
        fit(examples_of(logs, HandMadeValue()))


def test_a_value_comes_back_from_its_file(tmp_path: Path) -> None:
    value = fit(examples_of(many(), HandMadeValue()))
    write_value(value, tmp_path / "value.json")
    assert read_value(tmp_path / "value.json") == value


@pytest.mark.parametrize("text", ["", "{}", '{"bias": 0, "features": []}', '{"bias": 0, "features": [{"name": "x"}]}'])
def test_a_file_that_holds_no_value_gets_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "value.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not a value function"):
        read_value(tmp_path / "value.json")


def test_the_command_reads_traces_and_writes_a_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        event
        for one in many()
        for event in (one.began, *one.nodes.values(), *one.batches, *one.ended.values(), *one.end)
    ]
    trace = tmp_path / "t.jsonl"
    trace.write_text("".join(event_line(event) + "\n" for event in events), encoding="utf-8")
    out = tmp_path / "value.json"
    assert app.run(["train", "value", str(trace), "--out", str(out)]) == 0
    assert read_value(out).value(parse_goals([SHORT]), 1) > 0.75
    assert "40 searches, 160 goals" in capsys.readouterr().out
    assert app.run(["train", "value", str(tmp_path / "none.jsonl")]) == 2
    assert "cannot be read" in capsys.readouterr().err
