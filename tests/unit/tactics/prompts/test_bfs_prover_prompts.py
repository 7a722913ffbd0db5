"""BFS-Prover's prompt, and its answers with and without the echoed state."""

import pytest
from attrs import evolve
from prompt_checks import QUESTION, STATE

from lean_sidekick.tactics.prompts.registry import ADAPTERS

ADAPTER = ADAPTERS["bfs-prover"]


def test_the_prompt_is_the_state_and_three_colons() -> None:
    prompt = ADAPTER.prompt(QUESTION, 4_096)
    assert prompt.text == STATE + ":::"
    assert (prompt.messages, prompt.stop) == ((), ())


def test_a_prefix_begins_the_answer() -> None:
    question = evolve(QUESTION, prefix="rw [")
    assert ADAPTER.prompt(question, 4_096).text == STATE + ":::rw ["
    assert ADAPTER.parse("Nat.succ_add]", question) == ("rw [Nat.succ_add]",)


@pytest.mark.parametrize(
    ("answer", "tactics"),
    [
        ("simp [ih]", ("simp [ih]",)),
        (f"{STATE}:::rw [Nat.succ_add, ih]<|endoftext|>", ("rw [Nat.succ_add, ih]",)),
        (f"{STATE}:::{STATE}:::omega", ("omega",)),
        (f"{STATE}:::", ()),
        ("", ()),
    ],
)
def test_what_follows_the_last_three_colons_is_the_tactic(answer: str, tactics: tuple[str, ...]) -> None:
    assert ADAPTER.parse(answer, QUESTION) == tactics


def test_long_answers_are_not_punished_by_their_length_alone() -> None:
    assert ADAPTER.traits.score(-4.0, 16) == -1.0


def test_the_same_line_serves_openproof_with_its_own_sampling() -> None:
    decoding = ADAPTERS["openproof"].traits.decoding
    assert (decoding.temperatures, decoding.top_k) == ((0.6,), 10)
