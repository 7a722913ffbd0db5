"""What is trained on and what is scored: data read, modules held out whole, nothing scored that was trained on."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.extraction.layout import write_benchmark
from lean_sidekick.storage.json_lines import LINE_LIMIT
from lean_sidekick.training.examples import Example, read_examples, split_examples
from support.made_up_traces import ORIGIN, MadeUpProject

ELSEWHERE = os.environ.get("LEAN_SIDEKICK_DATA")
GOOD = {"state": "⊢ a", "tactic": "rfl"}
STEP = {
    "tactic": "rw [<a>Nat.add_zero</a>, h]",
    "annotated_tactic": [
        "rw [<a>Nat.add_zero</a>, <a>h</a>]",
        [
            {"full_name": "Nat.add_zero", "def_path": "src/Nat.lean", "def_pos": [2, 9], "def_end_pos": [2, 17]},
            {"full_name": "N.h", "def_path": "Mathlib/A.lean", "def_pos": [5, 9], "def_end_pos": [5, 10]},
        ],
    ],
    "state_before": "n : Nat\n⊢ n + 0 = n",
    "state_after": "no goals",
}
THEOREM = {
    "url": "https://github.com/leanprover-community/mathlib4",
    "commit": "29dcec074de168ac2bf835a77ef68bbe069194c5",
    "file_path": "Mathlib/A.lean",
    "full_name": "N.t",
    "start": [10, 1],
    "end": [12, 9],
    "traced_tactics": [STEP],
}


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "steps.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def step(group: str, number: int, state: str = "") -> Example:
    return Example(state=state or f"⊢ {group} {number}", tactic=f"exact h{number}", premises=(), group=group)


def test_three_shapes_of_data_are_read(tmp_path: Path) -> None:
    """Steps of a library, (state, tactic) pairs of a prover, and our own; a step that two proofs take counts once."""
    library = {"file": "Init/Core.lean", "theorem": "t", "tactic": " rfl ", "state_before": "⊢ a", "premises": ["p.q"]}
    prover = {"theorem": "mathd_1", "split": "test", "state_before": "⊢ b", "tactic": "simp", "file": "out/run.json"}
    own = {"module": "A.B", "theorem": "t", "state": "⊢ c", "tactic": "simp\n  done"}
    found = read_examples([written(tmp_path, library, prover, own, {**library, "theorem": "u"})])
    assert found == (
        Example(state="⊢ a", tactic="rfl", premises=("p.q",), group="Init/Core.lean"),
        Example(state="⊢ b", tactic="simp", premises=(), group="mathd_1"),
        Example(state="⊢ c", tactic="simp\n  done", premises=(), group="A.B"),
    )


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[]",
        "",
        GOOD,
        {**GOOD, "state": "x" * LINE_LIMIT},
        {"tactic": "rfl"},
        {"state": "", "tactic": "rfl"},
        {"state": "a", "tactic": "b", "premises": "p"},
        {**THEOREM, "traced_tactics": None},
    ],
    ids=lambda row: str(row)[:40],
)
def test_what_cannot_be_read_is_named_by_line(tmp_path: Path, row: Any) -> None:
    with pytest.raises(InputError, match=r"steps.jsonl, line 2"):
        read_examples([written(tmp_path, GOOD, row)])


def test_theorems_of_lean_dojo_benchmark_are_read_as_published(tmp_path: Path) -> None:
    """An array of theorems with their steps; marks are taken off, and a theorem without a step gives none."""
    path = tmp_path / "train.json"
    path.write_text(json.dumps([THEOREM, {**THEOREM, "full_name": "N.u", "traced_tactics": []}]), encoding="utf-8")
    assert read_examples([path]) == (
        Example(
            state="n : Nat\n⊢ n + 0 = n",
            tactic="rw [Nat.add_zero, h]",
            premises=("Nat.add_zero", "N.h"),
            group="Mathlib/A.lean",
        ),
    )


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (3, "item 1, step 2: an object was expected"),
        ({**STEP, "tactic": None}, "item 1, step 2: `tactic` is missing"),
        ({**STEP, "state_before": 1}, "item 1, step 2: `state_before` is missing or no text"),
        ({**STEP, "annotated_tactic": ["x"]}, "item 1, step 2: `annotated_tactic` is not a text and a list"),
        ({**STEP, "annotated_tactic": ["x", [3]]}, "item 1, step 2: a premise is no object"),
        ({**STEP, "annotated_tactic": ["x", [{}]]}, "item 1, step 2: `full_name` is missing"),
    ],
)
def test_a_damaged_step_of_lean_dojo_is_named(tmp_path: Path, step: Any, message: str) -> None:
    path = tmp_path / "train.json"
    path.write_text(json.dumps([{**THEOREM, "traced_tactics": [STEP, step]}]), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_examples([path])


def test_what_extract_writes_is_read(tmp_path: Path) -> None:
    write_benchmark(MadeUpProject(60), tmp_path, ORIGIN, 0, lambda path: None)
    found = read_examples([tmp_path / "random" / f"{side}.json" for side in ("train", "val", "test")])
    assert len(found) > 60
    assert all(example.premises and example.group.startswith("M/F") for example in found)


@pytest.mark.skipif(ELSEWHERE is None, reason="LEAN_SIDEKICK_DATA names no folder with the whole public sets")
@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("library-2021-07/steps.jsonl", 1120),
        ("core_exercises/core_dev_steps.jsonl", 755),
        ("state-tactic-internlm/state_tactic.jsonl", 193),
        ("state-tactic-llmstep/state_tactic.jsonl", 94),
    ],
)
def test_the_whole_files_of_steps(file: str, count: int) -> None:
    assert len(read_examples([Path(ELSEWHERE or "", file)])) == count


def test_no_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty"):
        read_examples([written(tmp_path)])
    (tmp_path / "none.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="no example"):
        read_examples([tmp_path / "none.json"])
    with pytest.raises(InputError, match="cannot be read"):
        read_examples([tmp_path / "nothing"])


def test_modules_are_held_out_whole() -> None:
    examples = [step(f"M{group}", number) for group in range(20) for number in range(5)]
    split = split_examples(examples, 0.2, (), seed=3)
    held_out = {example.group for example in split.held_out}
    assert len(held_out) == 4
    assert held_out.isdisjoint(example.group for example in split.train)
    assert len(split.train) + len(split.held_out) == 100
    assert split_examples(examples, 0.2, (), seed=3) == split
    assert split_examples(examples, 0.2, (), seed=4) != split


def test_a_module_too_large_for_the_share_is_trained_on() -> None:
    examples = [step("large", number) for number in range(90)] + [step("small", number) for number in range(10)]
    for seed in range(5):
        assert split_examples(examples, 0.1, (), seed).held_out_groups == ("small",)


def test_a_state_that_is_scored_is_not_trained_on() -> None:
    """Whatever its blanks, and whatever tactic was taken there."""
    examples = [step("A", 1, "h : p\n⊢ q"), step("A", 2), step("B", 3, "h : p\n  ⊢ q")]
    split = split_examples(examples, 0.0, ("B",), seed=0)
    assert [example.tactic for example in split.train] == ["exact h2"]
    assert split.dropped == 1


def test_named_modules() -> None:
    examples = [step("A", 1), step("B", 2)]
    assert split_examples(examples, 0.5, ("A",), seed=0).held_out_groups == ("A",)
    with pytest.raises(InputError, match="No example is of C: the data has A, B"):
        split_examples(examples, 0.5, ("C",), seed=0)
    with pytest.raises(InputError, match="Nothing is left"):
        split_examples(examples, 0.5, ("A", "B"), seed=0)
