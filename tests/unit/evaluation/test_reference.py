"""Reference proofs as steps, and the documents that a person would have in front of them at each."""

from collections.abc import Iterator

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import TextMap
from lean_sidekick.evaluation.items import Item
from lean_sidekick.evaluation.reference import Block, Place, ReferencedItem, ReferenceProof, read_reference

STATEMENT = "theorem t (p q : Prop) : p ∧ q := by\n"
NESTED = """\
have h : p := by
  intro x
  exact x
apply And.intro
case left => exact h
case right =>
  induction n with
  | zero => rfl
  | succ n ih => rw [ih]; exact hq"""


def reference_of(proof: str) -> ReferenceProof:
    return read_reference(ReferencedItem(item=Item(name="t", text=STATEMENT), proof=proof))


def places(block: Block, around: tuple[tuple[Block, int], ...] = ()) -> Iterator[Place]:
    for number, step in enumerate(block.steps):
        path = (*around, (block, number))
        yield Place(path=path)
        for inner in step.blocks:
            yield from places(inner, path)


def test_every_tactic_is_a_step_and_those_inside_are_too() -> None:
    reference = reference_of(NESTED)
    first_lines = [reference.text_of(place.step).split("\n")[0] for place in places(reference.root)]
    assert first_lines == [
        "have h : p := by",
        "intro x",
        "exact x",
        "apply And.intro",
        "case left => exact h",
        "exact h",
        "case right =>",
        "induction n with",
        "rfl",
        "rw [ih]",
        "exact hq",
    ]
    assert reference.root.step_count == len(first_lines)


def test_a_document_has_what_is_done_and_placeholders_for_the_rest() -> None:
    reference = reference_of(NESTED)
    documents = {reference.text_of(place.step): reference.document_at(place)[0] for place in places(reference.root)}
    assert documents["intro x"] == STATEMENT + "  have h : p := by\n    admit\n  admit\n"
    assert documents["apply And.intro"] == STATEMENT + ("  have h : p := by\n    intro x\n    exact x\n  admit\n")
    assert documents["rfl"] == STATEMENT + (
        "  have h : p := by\n    intro x\n    exact x\n  apply And.intro\n  case left => exact h\n"
        "  case right =>\n    induction n with\n    | zero => admit\n    | succ n ih => admit\n"
    )
    assert documents["exact hq"].endswith("    | zero => rfl\n    | succ n ih => rw [ih]; admit\n")


def test_the_position_is_that_of_the_first_placeholder_to_fill() -> None:
    reference = reference_of(NESTED)
    for place in places(reference.root):
        text, position = reference.document_at(place)
        offset = TextMap(text).offset(position)
        assert text[offset:].startswith("admit")
        assert text[:offset] == reference.text[:offset], "nothing above the place is made up"


@pytest.mark.parametrize("proof", ["-- nothing", "   "])
def test_a_proof_without_tactics_is_refused(proof: str) -> None:
    with pytest.raises(InputError, match="cannot be read as tactics"):
        reference_of(proof)
