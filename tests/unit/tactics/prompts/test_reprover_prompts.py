"""ReProver's prompt to the byte, and what is made of its answers."""

import pytest
from attrs import evolve
from prompt_checks import OTHER, PREMISES, QUESTION, STATE

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.prompts.registry import ADAPTERS

PLAIN = ADAPTERS["reprover"]
WITH_PREMISES = ADAPTERS["reprover-premises"]


def test_the_state_alone_is_the_prompt() -> None:
    prompt = PLAIN.prompt(QUESTION, 2_048)
    assert prompt.text == STATE
    assert (prompt.messages, prompt.stop) == ((), ())


def test_two_goals_are_a_blank_line_apart() -> None:
    question = evolve(QUESTION, goals=(*QUESTION.goals, OTHER))
    assert PLAIN.prompt(question, 2_048).text == f"{STATE}\n\nn : ℕ\n⊢ n + 0 = n"


def test_premises_stand_before_the_state_the_best_next_to_it() -> None:
    assert WITH_PREMISES.prompt(QUESTION, 2_048).text == (
        "theorem <a>Nat.add_succ</a> (n m : ℕ) : n + m.succ = (n + m).succ\n\n"
        "theorem <a>Nat.succ_add</a> (n m : ℕ) : n.succ + m = (n + m).succ\n\n" + STATE
    )


def test_a_premise_that_does_not_fit_is_skipped_and_a_shorter_one_still_goes_in() -> None:
    """Room is counted in bytes: `ℕ` has three."""
    long = Premise(full_name="long", kind="theorem", statement=": " + "ℕ" * 100)
    question = evolve(QUESTION, premises=(PREMISES[0], long, PREMISES[1]))
    whole = WITH_PREMISES.prompt(QUESTION, 2_048).text
    assert WITH_PREMISES.prompt(question, len(whole.encode())).text == whole
    one_less = WITH_PREMISES.prompt(question, len(whole.encode()) - 1).text
    assert one_less == "theorem <a>Nat.succ_add</a> (n m : ℕ) : n.succ + m = (n + m).succ\n\n" + STATE


def test_a_state_that_is_too_long_loses_its_oldest_hypotheses_first() -> None:
    goal = parse_goal("\n".join(f"h{n} : p {n}" for n in range(100)) + "\n⊢ p 100")
    text = PLAIN.prompt(evolve(QUESTION, goals=(goal,)), 40).text
    assert text.endswith("h99 : p 99\n⊢ p 100")
    assert len(text.encode()) <= 40


def test_a_target_that_is_too_long_is_cut_to_fit_in_bytes() -> None:
    goal = parse_goal("⊢ " + "ℕ" * 1_000)
    assert len(PLAIN.prompt(evolve(QUESTION, goals=(goal,)), 100).text.encode()) <= 100


@pytest.mark.parametrize(
    ("answer", "tactics"),
    [
        ("rw [<a>Nat.succ_add</a>, ih]", ("rw [Nat.succ_add, ih]",)),
        ("simp\n", ("simp",)),
        ("by simp", ("simp",)),
        ("cases h with\n| inl h => simp\n| inr h => simp", ("cases h with\n| inl h => simp\n| inr h => simp",)),
        ("rw [<a>Nat.succ", ("rw [Nat.succ",)),  # cut off: Lean's parser will say so
        ("", ()),
        (" \n\n", ()),
        ("<pad></s>", ()),
    ],
)
def test_markers_are_stripped_from_answers(answer: str, tactics: tuple[str, ...]) -> None:
    assert WITH_PREMISES.parse(answer, QUESTION) == tactics


def test_the_defaults_are_those_of_the_published_system() -> None:
    traits = WITH_PREMISES.traits
    assert (traits.premise_count, traits.context_tokens, traits.decoding.candidate_count) == (100, 2_048, 64)
    assert traits.score(-3.0, 30) == -3.0  # length penalty 0: the plain sum
