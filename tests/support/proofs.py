"""Random tactic proofs, laid out as Lean reads them, with the holes that were put into them."""

from attrs import frozen
from hypothesis import strategies as st

from lean_sidekick.core.sites import Hole


@frozen
class Proof:
    """The lines of a tactic block at column 0, and its holes in order."""

    lines: tuple[str, ...]
    holes: tuple[Hole, ...] = ()

    def below(self, head: str, indentation: str = "  ") -> "Proof":
        """The block on lines of its own under a head."""
        return Proof((head, *((indentation + line).rstrip() for line in self.lines)), self.holes)

    def behind(self, head: str) -> "Proof":
        """The block on the line of its head, its other lines aligned with its first."""
        return Proof(
            (head + self.lines[0], *((" " * len(head) + line).rstrip() for line in self.lines[1:])), self.holes
        )

    def text(self, header: str) -> str:
        """A file with the block as the proof under a header, between two other declarations."""
        body = "".join(f"  {line}".rstrip() + "\n" for line in self.lines)
        return f"theorem before : p := h\n\n{header} := by\n{body}\n-- after\ntheorem after : p := h\n"


def _joined(*parts: Proof) -> Proof:
    return Proof(sum((part.lines for part in parts), ()), sum((part.holes for part in parts), ()))


_SIMPLE = st.sampled_from(
    [
        *("simp", "rw [a, ← b] at h", "constructor <;> simp", "rcases h with a | b", "obtain ⟨x, y⟩ | z := h"),
        *("exact fun x => f x", "exact ⟨by simp, rfl⟩", "exact if c then by simp else rfl", "exact ∃ x, p x"),
        *("(simp; rfl)", "simp; rfl", "try simp", "intro x -- sorry", "have := h /- by -/", "show p; simp"),
        *("exact (by simp : p).trans fun | 0 => a | n => b", "first | simp | rfl", "next => simp", "case a | b => rfl"),
    ]
).map(lambda line: Proof((line,)))

_LONG = st.sampled_from(
    [
        ("rw [a,", "  b,", "c]"),
        ("exact foo (by", "  simp", "  rfl) h"),
        ("exact match x with", "  | 0 => by simp", "  | n + 1 => fun y => h"),
        ("refine ⟨fun h => ?_,", "  by", "    simp⟩"),
        ("calc a = b := by simp", "  _ = c := by", "    rw [h]"),
        ("rintro (h | h)", "", "simp"),
        ("/- two", "by -/", "simp"),
    ]
).map(Proof)

_HOLE = st.sampled_from(
    [
        Proof(("sorry",), (Hole.TACTIC_SORRY,)),
        Proof(("admit",), (Hole.TACTIC_SORRY,)),
        Proof(("exact sorry",), (Hole.TACTIC_SORRY,)),
        Proof(("simp <;> sorry",), (Hole.TACTIC_SORRY,)),
        Proof(("simp; sorry",), (Hole.TACTIC_SORRY,)),
        Proof(("{ sorry }",), (Hole.TACTIC_SORRY,)),
        Proof(("all_goals sorry",), (Hole.TACTIC_SORRY,)),
        Proof(("have h : p := sorry",), (Hole.TERM_SORRY,)),
        Proof(("have h : p := by sorry",), (Hole.TACTIC_SORRY,)),
        Proof(("have h : p := by",), (Hole.EMPTY_BY,)),
        Proof(("have h : p := by -- todo",), (Hole.EMPTY_BY,)),
        Proof(("exact f sorry ⟨x, sorry⟩",), (Hole.TERM_SORRY, Hole.TERM_SORRY)),
        Proof(("exact f (by)",), (Hole.EMPTY_BY,)),
        Proof(("exact match x with", "  | 0 => by", "  | n => sorry"), (Hole.EMPTY_BY, Hole.TERM_SORRY)),
        Proof(("calc a = b := by", "    _ = c := sorry"), (Hole.EMPTY_BY, Hole.TERM_SORRY)),
        Proof(("first", "  | simp", "  | sorry"), (Hole.TACTIC_SORRY,)),
    ]
)


def _nested(inner: st.SearchStrategy[Proof]) -> st.SearchStrategy[Proof]:
    block = st.lists(inner, min_size=1, max_size=3).map(lambda parts: _joined(*parts))
    two = st.tuples(block, block)
    return st.one_of(
        block.map(lambda b: b.below("have h : p := by")),
        block.map(lambda b: b.behind("have h : p := by ")),
        block.map(lambda b: b.behind("· ")),
        block.map(lambda b: b.behind(". ")),
        block.map(lambda b: b.below("·")),
        block.map(lambda b: b.below("case inl x y =>")),
        block.map(lambda b: b.below("all_goals")),
        block.map(lambda b: b.below("conv at h =>")),
        block.map(lambda b: _joined(b.behind("(exact foo <| by "), Proof(("  )",)))),
        two.map(lambda bs: _joined(Proof(("cases h with",)), bs[0].below("| inl a =>"), bs[1].below("| inr a =>"))),
        two.map(
            lambda bs: _joined(bs[0].behind("| zero => "), bs[1].behind("| succ n ih => ")).below("induction n with")
        ),
        two.map(lambda bs: _joined(bs[0].below("if h : p then"), bs[1].below("else"))),
        two.map(lambda bs: _joined(bs[0].behind("| "), bs[1].behind("| ")).below("first")),
    )


PROOFS = st.recursive(_SIMPLE | _LONG | _HOLE, _nested, max_leaves=12)
"""Tactic blocks; the holes in each are known."""
