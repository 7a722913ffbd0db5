"""The prompts of the step models to the letter, and what is made of real-looking and of broken answers."""

import pytest
from attrs import evolve
from prompt_checks import QUESTION, STATE

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.prompts.api import Message, Question, Role
from lean_sidekick.tactics.prompts.registry import ADAPTERS

ROOM = 4_096
FILE = (
    "import Mathlib\n\nopen Nat\n\ntheorem my_comm (n m : ℕ) : n + m = m + n := by\n"
    "  induction n with\n  | zero => simp"
)
NTP_HEAD = "/- You are proving a theorem in Lean 4.\nYou are given the following information:\n"
NTP_TASK = (
    "- The current proof state, inside [STATE]...[/STATE]\n\nYour task is to generate the next tactic in the proof.\n"
    "Put the next tactic inside [TAC]...[/TAC]\n-/\n"
)
PLUS = f"My LEAN 4 state is:\n```lean\n{STATE}```\nPlease predict a possible tactic to help me prove the theorem."
STAR = (
    f"My LEAN 4 state is:\n```lean\n{STATE}```\nPlease write down the reasoning that leads to the possible next tactic "
    "and then predict the tactic to help me prove the theorem."
)
STEP_2_5 = (
    "---\nNAME: Demo.my_comm\n\n---\nPROOF_BEFORE: induction n with\n| zero => simp\n\n---\n"
    f"STATE_BEFORE: {STATE}\n\n---\nTACTIC: "
)
REAL_ITEMS = (
    "ID:0\nFormal name: Nat.succ_add\nInformal name: \n"
    "Formal statement: theorem Nat.succ_add (n m : ℕ) : n.succ + m = (n + m).succ\n\n"
    "ID:1\nFormal name: Nat.add_succ\nInformal name: Sums with a successor\n"
    "Formal statement: theorem Nat.add_succ (n m : ℕ) : n + m.succ = (n + m).succ"
)
REAP_ITEMS = (
    "Formal name: Nat.succ_add\nFormal statement: theorem Nat.succ_add (n m : ℕ) : n.succ + m = (n + m).succ\n"
    "Formal name: Nat.add_succ\nFormal statement: theorem Nat.add_succ (n m : ℕ) : n + m.succ = (n + m).succ"
)
REAL_TASK = "User: Please generate a tactic in lean4 to solve the state.\nHere're some theorems that may be helpful:\n"
REAP = f"{REAL_TASK}{REAP_ITEMS}\nSTATE:\n{STATE}\nTACTIC:\n\nAssistant:"


def chatml(content: str) -> str:
    return f"<|im_start|>user\n{content}<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture
def question() -> Question:
    first, second = QUESTION.premises
    return evolve(QUESTION, premises=(first, evolve(second, doc="Sums with a successor\n\nand more")))


@pytest.mark.parametrize(
    ("name", "text", "stop"),
    [
        ("llmstep", f"[GOAL]{STATE}[PROOFSTEP]", "<|endoftext|>"),
        ("ntp", f"{NTP_HEAD}{NTP_TASK}[STATE]\n{STATE}\n[/STATE]\n[TAC]\n", "[/TAC]"),
        (
            "ntp-context",
            f"{NTP_HEAD}- The file contents up to the current tactic, inside [CTX]...[/CTX]\n{NTP_TASK}"
            f"[CTX]\n{FILE}\n[/CTX]\n[STATE]\n{STATE}\n[/STATE]\n[TAC]\n",
            "[/TAC]",
        ),
        ("internlm2-step", chatml(f"DECL Demo.my_comm\nGOAL {STATE}\n") + "PROOFSTEP ", "<|im_end|>"),
        ("internlm2.5-step", chatml(STEP_2_5), "<|im_end|>"),
        ("internlm2-plus", chatml(PLUS), "<|im_end|>"),
        ("lean-star", chatml(STAR), "<|im_end|>"),
        ("real-prover", f"{REAL_TASK}{REAL_ITEMS}\nSTATE:\n{STATE}\nTACTIC:\n\n\nAssistant:", "\nUser:"),
        ("reap", chatml(REAP), "<|im_end|>"),
    ],
)
def test_the_prompt_is_this_to_the_letter(question: Question, name: str, text: str, stop: str) -> None:
    prompt = ADAPTERS[name].prompt(question, ROOM)
    assert prompt.text == text
    assert stop in prompt.stop


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("internlm2-step", f"DECL Demo.my_comm\nGOAL {STATE}\n"),
        ("internlm2.5-step", STEP_2_5),
        ("internlm2-plus", PLUS),
        ("lean-star", STAR),
        ("reap", REAP),
    ],
)
def test_a_chat_endpoint_gets_one_message_of_the_users(question: Question, name: str, content: str) -> None:
    assert ADAPTERS[name].prompt(question, ROOM).messages == (Message(role=Role.USER, content=content),)


@pytest.mark.parametrize(
    ("name", "answer", "tactics"),
    [
        ("llmstep", "rw [Nat.succ_add, ih]<|endoftext|>[GOAL]⊢ p", ("rw [Nat.succ_add, ih]",)),
        ("llmstep", "<|endoftext|>", ()),
        ("ntp", "rw [Nat.succ_add]\n[/TAC]\n[STATE]", ("rw [Nat.succ_add]",)),
        ("ntp", "have h : n = n := by\n  rfl\n[/TAC]", ("have h : n = n := by\n  rfl",)),
        ("ntp", "\n[/TAC]", ()),
        ("ntp-context", "[TAC]\nsimp [ih]\n[/TAC]", ("simp [ih]",)),
        ("internlm2-step", "PROOFSTEP rw [ih]<|im_end|>", ("rw [ih]",)),
        ("internlm2-step", "rw [ih]", ("rw [ih]",)),
        ("internlm2-step", "<|im_end|>", ()),
        ("internlm2.5-step", "  simp [Nat.succ_add, ih]\n", ("simp [Nat.succ_add, ih]",)),
        ("internlm2.5-step", "", ()),
        ("internlm2-plus", "Here is one:\n```lean\nsimp [ih]\n```", ("simp [ih]",)),
        ("internlm2-plus", "```lean\nsimp [ih]", ("simp [ih]",)),
        ("internlm2-plus", "simp [ih]", ("simp [ih]",)),
        ("lean-star", "We rewrite with `ih` first.\n```lean\nrw [ih]\n```<|im_end|>", ("rw [ih]",)),
        ("lean-star", "We rewrite with `ih` first, since", ()),
        ("real-prover", " rw [Nat.succ_add]<｜end▁of▁sentence｜>", ("rw [Nat.succ_add]",)),
        ("real-prover", "rw [ih]\nUser: Please generate", ("rw [ih]",)),
        (
            "reap",
            "<think>\nFirst simp.\n```lean\nsimp\n```\n</think>\n\nrw [Nat.succ_add, ih]",
            ("rw [Nat.succ_add, ih]",),
        ),
        ("reap", "<think>\nFirst `simp`, then", ()),
        ("reap", "```lean4\nomega\n```", ("omega",)),
    ],
)
def test_answers_become_one_tactic_or_none(name: str, answer: str, tactics: tuple[str, ...]) -> None:
    assert ADAPTERS[name].parse(answer, QUESTION) == tactics


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize(
    "answer", ["", "\0", "```", "~~~\n```lean", "</think>", "<think>", ":::" * 50, "\n" * 99, "· "]
)
def test_no_answer_breaks_an_adapter(name: str, answer: str) -> None:
    assert all(text.strip() for text in ADAPTERS[name].parse(answer, QUESTION))


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize("room", [600, 1_000])
def test_a_prompt_stays_within_its_room_and_keeps_the_target(name: str, room: int) -> None:
    """The longest of goals, files and premises: what matters least is left out."""
    goal = parse_goal("\n".join(f"h{n} : p {n}" for n in range(900)) + "\n⊢ the target")
    premises = tuple(Premise(full_name=f"lemma{n}", kind="theorem", statement=": q") for n in range(900))
    question = Question(
        goals=(goal, goal),
        premises=premises,
        text_above="import Mathlib\n" + "\n".join(f"theorem t{n} : True := trivial" for n in range(900)),
        statement="theorem short : the target",
        declaration="short",
        is_root=True,
    )
    adapter = ADAPTERS[name]
    text = adapter.prompt(question, room).text
    assert adapter.traits.unit.count(text) <= room
    assert "the target" in text


@pytest.mark.parametrize("name", ["llmstep", "ntp", "internlm2-step", "internlm2.5-step", "real-prover"])
def test_a_prefix_begins_the_answer_and_the_tactic(name: str) -> None:
    question = evolve(QUESTION, prefix="rw [")
    adapter = ADAPTERS[name]
    assert adapter.prompt(question, ROOM).text.endswith("rw [")
    assert adapter.parse("Nat.succ_add]", question) == ("rw [Nat.succ_add]",)
    assert adapter.parse("rw [ih]", question) == ("rw [ih]",)


@pytest.mark.parametrize(
    ("name", "premises", "temperatures", "count"),
    [
        ("llmstep", 0, (0.5,), 10),
        ("real-prover", 6, (1.5,), 16),
        ("reap", 16, (0.99,), 6),
    ],
)
def test_decoding_and_premises_are_those_that_were_published(
    name: str, premises: int, temperatures: tuple[float, ...], count: int
) -> None:
    traits = ADAPTERS[name].traits
    assert (traits.premise_count, traits.decoding.temperatures) == (premises, temperatures)
    assert traits.decoding.candidate_count == count
