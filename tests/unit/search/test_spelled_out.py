"""Proof terms as tactics: what is taken apart, and what stays as it is."""

import pytest

from lean_sidekick.search.proof_text import Step, block_of
from lean_sidekick.search.spelled_out import spelled_out


def written(text: str) -> str:
    return block_of(spelled_out((Step(text=text),)))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (
            "exact fun h => (match h with | Or.inl hp => Or.inr hp | Or.inr hq => Or.inl hq)",
            "intro h\ncases h with\n| inl hp => exact Or.inr hp\n| inr hq => exact Or.inl hq",
        ),
        (
            "exact ⟨fun h => (match h with | ⟨x, hp⟩ => ⟨x, hp, rfl⟩), fun h => h.1⟩",
            "constructor\n· intro h\n  cases h with\n  | intro x hp => exact ⟨x, hp, rfl⟩\n· exact fun h => h.1",
        ),
        (
            "exact ⟨fun h => ⟨(match h.1 with | Or.inl hp => f hp | Or.inr hq => hq), h.2⟩, g⟩",
            "refine ⟨?_, g⟩\nintro h\nrefine ⟨?_, h.2⟩\ncases h.1 with\n| inl hp => exact f hp\n| inr hq => exact hq",
        ),
        (
            "exact Classical.byContradiction (fun hn => (match h hn with | Or.inl hq => h2 hq | Or.inr hr => h3 hr))",
            "refine Classical.byContradiction (fun hn => ?_)\ncases h hn with\n| inl hq => exact h2 hq\n"
            "| inr hr => exact h3 hr",
        ),
        (
            "exact Or.inr (match h with | Or.inl h1 => Or.inl h1.symm | Or.inr h1 => Or.inr h1)",
            "apply Or.inr\ncases h with\n| inl h1 => exact Or.inl h1.symm\n| inr h1 => exact Or.inr h1",
        ),
    ],
)
def test_what_matches_is_spelled_out(term: str, expected: str) -> None:
    assert written(term) == expected


@pytest.mark.parametrize(
    "text",
    [
        "exact fun h => h.2",
        "exact ⟨hp, hq⟩",
        "simp [h]",
        # `cases` would take `h` out of the context, of which the alternative still speaks.
        "exact match h with | ⟨k, h1⟩ => Or.inl h",
        # What is not of this form is left as it is.
        "exact match x with | 0 => h | n + 1 => h1 n",
        "exact f (match h with | Or.inl hp => hp | Or.inr hq => hq)",
    ],
)
def test_what_is_short_or_of_another_form_stays(text: str) -> None:
    assert written(text) == text


def test_introductions_are_one_and_other_steps_stay() -> None:
    leaf = Step(text="exact fun h => (match h with | Or.inl hp => hp | Or.inr hq => g hq)")
    steps = (Step(text="intro x", parts=(leaf,)),)
    assert block_of(spelled_out(steps)) == "intro x h\ncases h with\n| inl hp => exact hp\n| inr hq => exact g hq"
    plain = (Step(text="constructor", parts=(Step(text="rfl"), Step(text="exact h"))),)
    assert spelled_out(plain) == plain
