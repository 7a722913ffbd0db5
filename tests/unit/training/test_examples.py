"""What is trained on and what is scored: data read, modules held out whole, nothing scored that was trained on."""

import json
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.training.examples import Example, read_examples, split_examples


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "steps.jsonl"
    path.write_text(
        "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n\n", encoding="utf-8"
    )
    return path


def step(group: str, number: int, state: str = "") -> Example:
    return Example(state=state or f"⊢ {group} {number}", tactic=f"exact h{number}", premises=(), group=group)


def test_three_shapes_of_data_are_read(tmp_path: Path) -> None:
    """Steps of a library, (state, tactic) pairs of a prover, and our own; a line that stands twice counts once."""
    library = {"file": "Init/Core.lean", "theorem": "t", "tactic": " rfl ", "state_before": "⊢ a", "premises": ["p.q"]}
    prover = {"theorem": "mathd_1", "split": "test", "state_before": "⊢ b", "tactic": "simp", "file": "out/run.json"}
    own = {"module": "A.B", "theorem": "t", "state": "⊢ c", "tactic": "simp\n  done"}
    found = read_examples([written(tmp_path, library, prover, own, library)])
    assert found == (
        Example(state="⊢ a", tactic="rfl", premises=("p.q",), group="Init/Core.lean"),
        Example(state="⊢ b", tactic="simp", premises=(), group="mathd_1"),
        Example(state="⊢ c", tactic="simp\n  done", premises=(), group="A.B"),
    )


@pytest.mark.parametrize(
    "row",
    ["{", "[]", {"tactic": "rfl"}, {"state": "", "tactic": "rfl"}, {"state": "a", "tactic": "b", "premises": "p"}],
)
def test_what_cannot_be_read_is_named_by_line(tmp_path: Path, row: Any) -> None:
    good = {"state": "⊢ a", "tactic": "rfl"}
    with pytest.raises(InputError, match=r"steps.jsonl, line 2"):
        read_examples([written(tmp_path, good, row)])


def test_no_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no example"):
        read_examples([written(tmp_path)])
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
