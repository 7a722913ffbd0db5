"""Whole-proof provers: the request to the letter, and their answers cut into steps that can be checked."""

import pytest
from attrs import evolve
from prompt_checks import QUESTION

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.prompts.api import Message, Role
from lean_sidekick.tactics.prompts.proofs import beginnings, cut_steps, find_proof
from lean_sidekick.tactics.prompts.registry import ADAPTERS

ROOM = 8_192
AT_ROOT = evolve(QUESTION, steps=(), is_root=True, doc="Addition of natural numbers commutes.")
STATEMENT = (
    "import Mathlib\n\nopen Nat\n\n/-- Addition of natural numbers commutes. -/\n"
    "theorem my_comm (n m : ℕ) : n + m = m + n := by"
)
PLAN = (
    "Before producing the Lean 4 code to formally prove the given theorem, provide a detailed proof plan outlining the "
    "main proof steps and strategies.\nThe plan should highlight key ideas, intermediate lemmas, and proof structures "
    "that will guide the construction of the final formal proof."
)
REQUEST = f"Complete the following Lean 4 code:\n\n```lean4\n{STATEMENT}\n  sorry\n```"
KIMINA = (
    "Think about and solve the following problem step by step in Lean 4.\n"
    f"# Problem:Addition of natural numbers commutes.\n# Formal statement:\n```lean4\n{STATEMENT}\n```\n"
)
KIMINA_SYSTEM = "You are an expert in mathematics and proving theorems in Lean 4."
ANSWER = """<think>
Let us try `simp` first.
```tactics
simp
```
</think>

### Detailed Proof Plan
By induction.

```lean4
import Mathlib

theorem helper : True := trivial

theorem my_comm (n m : ℕ) : n + m = m + n := by
  -- induction on the first
  have h : ∀ k : ℕ, k + 0 = k := by
    intro k
    rfl  -- by definition
  induction n with
  | zero => simp
  | succ n ih =>
    rw [Nat.succ_add,
      ih]
  <;> rfl
```
"""
STEPS = (
    "have h : ∀ k : ℕ, k + 0 = k := by\n  intro k\n  rfl",
    "induction n with\n| zero => simp\n| succ n ih =>\n  rw [Nat.succ_add,\n    ih]\n<;> rfl",
)
FAMILIES = ["deepseek-prover-v2", "deepseek-prover-v2-plain", "goedel-prover-v2", "pythagoras-prover", "kimina-prover"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deepseek-prover-v2", f"<｜User｜>{REQUEST}\n\n{PLAN}<｜Assistant｜>"),
        ("deepseek-prover-v2-plain", f"<｜User｜>{REQUEST}<｜Assistant｜>"),
        ("goedel-prover-v2", f"<|im_start|>user\n{REQUEST}\n\n{PLAN}<|im_end|>\n<|im_start|>assistant\n"),
        ("pythagoras-prover", f"<|im_start|>user\n{REQUEST}\n\n{PLAN}<|im_end|>\n<|im_start|>assistant\n"),
        (
            "kimina-prover",
            f"<|im_start|>system\n{KIMINA_SYSTEM}<|im_end|>\n"
            f"<|im_start|>user\n{KIMINA}<|im_end|>\n<|im_start|>assistant\n",
        ),
    ],
)
def test_the_prompt_is_this_to_the_letter(name: str, text: str) -> None:
    assert ADAPTERS[name].prompt(AT_ROOT, ROOM).text == text


def test_kiminas_chat_has_a_system_message() -> None:
    assert ADAPTERS["kimina-prover"].prompt(AT_ROOT, ROOM).messages == (
        Message(role=Role.SYSTEM, content=KIMINA_SYSTEM),
        Message(role=Role.USER, content=KIMINA),
    )


def test_below_the_first_step_the_goal_itself_is_the_theorem() -> None:
    """Inaccessible names and instances are written as they could stand in a file."""
    goal = parse_goal("α : Type\ninst✝ : Group α\na b : α\nx : ℕ := 3\nh✝ : a = b\n⊢ b = a")
    text = ADAPTERS["kimina-prover"].prompt(evolve(QUESTION, goals=(goal,)), ROOM).messages[1].content
    assert text == (
        "Think about and solve the following problem step by step in Lean 4.\n# Formal statement:\n```lean4\n"
        "import Mathlib\n\nopen Nat\n\ntheorem goal_here\n    (α : Type)\n    [Group α]\n    (a b : α)\n"
        "    (x : ℕ := 3)\n    (h : a = b) :\n    b = a := by\n```\n"
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_an_answer_gives_the_proof_and_its_beginnings(name: str) -> None:
    assert ADAPTERS[name].parse(ANSWER, AT_ROOT) == ("\n".join(STEPS), STEPS[0])


@pytest.mark.parametrize(
    ("answer", "tactics"),
    [
        # Cut off by the limit of tokens: what was being written last is left out.
        ("```lean4\ntheorem my_comm : p := by\n  intro h\n  simp [foo", ("intro h",)),
        ("<think>\nI will use induction. ```lean4\ntheorem", ()),
        # The proof gives up: what stands before that may still help.
        ("```lean4\ntheorem my_comm : p := by\n  intro h\n  sorry\n```", ("intro h",)),
        ("```lean4\ntheorem my_comm : p := by\n  sorry\n```", ()),
        ("```lean4\ntheorem my_comm : p := by simp\n```", ("simp",)),
        ("```lean4\ntheorem my_comm : p := Nat.add_comm n m\n```", ("exact Nat.add_comm n m",)),
        ("```lean\nintro h\nexact h\n```", ("intro h\nexact h", "intro h")),
        ("```lean4\ntheorem my_comm : p :=\n```", ()),
        ("I am sorry, but I cannot prove this.", ()),
        ("```lean4\nThis is hard.\n```", ()),
        ("theorem my_comm : p := by\n  rfl", ("rfl",)),
        ("", ()),
    ],
)
def test_broken_answers_give_what_is_right_of_them(answer: str, tactics: tuple[str, ...]) -> None:
    assert ADAPTERS["goedel-prover-v2"].parse(answer, AT_ROOT) == tactics


def test_the_named_theorem_is_taken_even_if_another_follows() -> None:
    code = "theorem goal : p := by\n  simp\n\ntheorem after : q := by\n  rfl\n"
    assert find_proof(code, "goal", may_be_bare=False) == "simp"
    assert find_proof(code, "renamed", may_be_bare=False) == "rfl"


def test_a_line_inside_brackets_begins_no_step() -> None:
    assert cut_steps("simp [a,\nb]\nexact ⟨x,\ny⟩") == ("simp [a,\nb]", "exact ⟨x,\ny⟩")


def test_bullets_are_steps_of_their_own() -> None:
    assert cut_steps("constructor\n· intro h\n  exact h\n· rfl") == ("constructor", "· intro h\n  exact h", "· rfl")


def test_a_long_proof_gives_few_beginnings_the_first_step_among_them() -> None:
    steps = tuple(f"have h{n} := x" for n in range(100))
    found = beginnings(steps)
    assert len(found) <= 13
    assert found[0] == "\n".join(steps)
    assert found[-1] == steps[0]


def test_no_steps_give_nothing() -> None:
    assert beginnings(()) == ()
