"""Laws of classes and structures as premises: which fields state something, and under which names."""

from tactic_checks import EARLY

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.tactics.api import Surroundings, TacticRequest
from lean_sidekick.tactics.laws import law_premises
from lean_sidekick.tactics.lemma import lemma_of
from lean_sidekick.tactics.merge import plain_generator

SHAPE = """
class Shape (α : Type) where
  area : α → Nat
  scale : Nat → α → α
  below : α → α → Prop
  scale_area : ∀ k s, area (scale k s) = k * area s
  trans (a b c : α) :
    below a b →
    below b c → below a c
"""
GROUP = """
structure Op (α : Type) where
  op : α → α → α
  one : α
  one_op : ∀ a, op one a = a  -- a law
  op_one : ∀ a, op a one = a := by simp
"""


def laws(text: str) -> dict[str, str]:
    return {premise.full_name: premise.statement for premise in law_premises(text)}


def test_the_laws_of_a_class_speak_of_its_fields_by_their_full_names() -> None:
    assert laws(SHAPE) == {
        "Shape.scale_area": "{α : Type} : ∀ k, ∀ s, Shape.area (Shape.scale k s) = k * Shape.area s",
        "Shape.trans": "{α : Type} : ∀ (a : α), ∀ (b : α), ∀ (c : α), "
        "Shape.below a b → Shape.below b c → Shape.below a c",
    }


def test_the_laws_of_a_structure_are_about_one_of_its_kind() -> None:
    assert laws(GROUP) == {
        "Op.one_op": "{α : Type} (self : Op α) : ∀ a, Op.op self (Op.one self) a = a",
        "Op.op_one": "{α : Type} (self : Op α) : ∀ a, Op.op self a (Op.one self) = a",
    }


def test_all_of_them_can_be_read_as_lemmas() -> None:
    assert all(lemma_of(premise) is not None for premise in law_premises(SHAPE + GROUP))


def test_what_states_nothing_is_left_out() -> None:
    assert laws("structure Point where\n  x : Nat\n  y : Nat\n") == {}
    assert laws("structure Both (p q : Prop) : Prop where\n  left : p\n") == {}
    assert laws("class Strange where\n  one two\n") == {}
    assert laws("theorem class_of : True := trivial") == {}


async def test_a_law_rewrites() -> None:
    goal = parse_goal("α : Type\ninst✝ : Shape α\ns : α\n⊢ Shape.area (Shape.scale 0 s) = 0")
    request = TacticRequest(goal=goal, known_tactics=EARLY, surroundings=Surroundings(text_above=SHAPE))
    found = [candidate.text for candidate in await plain_generator().generate(request)]
    assert {"rw [Shape.scale_area]", "simp [Shape.scale_area]"} & set(found)
