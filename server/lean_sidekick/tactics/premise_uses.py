"""The ways to use one premise at a goal, as tactics. Pure.

Here somebody has chosen the premise, so nothing is left out because it is unlikely: Lean says what works.
"""

from collections.abc import Iterator

from lean_sidekick.core.candidates import Candidate, Source, deduplicate
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.terms import BinderKind
from lean_sidekick.tactics.goal_shape import GoalShape, telescope
from lean_sidekick.tactics.lemma import Lemma, lemma_of
from lean_sidekick.tactics.rewriting import equation_of

_HYPOTHESES = 6
"""So many hypotheses, the newest, are rewritten or given to the premise."""


def premise_uses(premise: Premise, shape: GoalShape) -> list[Candidate]:
    """`exact`, `apply`, `rw` both ways and `simp` with a premise, at the target and at hypotheses; likeliest first."""
    lemma = lemma_of(premise)
    texts = _uses(premise.full_name, lemma, [local.name for local in shape.proofs])
    return deduplicate([Candidate(text=text, source=Source.LEMMA, score=-0.1 * n) for n, text in enumerate(texts)])


def _uses(name: str, lemma: Lemma | None, hypotheses: list[str]) -> Iterator[str]:
    arguments = [] if lemma is None else telescope(lemma.statement)[0]
    explicit = [argument for argument in arguments if argument.kind is BinderKind.EXPLICIT]
    # What is to be proved of an argument is looked for among the hypotheses; the rest Lean finds by itself.
    blanks = ["(by assumption)" if argument.is_premise else "_" for argument in explicit]
    yield " ".join([f"exact {name}", *blanks])
    if blanks:
        yield f"exact {name}"
    yield f"apply {name}"
    is_equation = lemma is None or equation_of(lemma.statement) is not None
    if is_equation:
        yield f"rw [{name}]"
        yield f"rw [← {name}]"
    yield f"simp [{name}]"
    for hypothesis in hypotheses[-_HYPOTHESES:]:
        if is_equation:
            yield f"rw [{name}] at {hypothesis}"
            yield f"rw [← {name}] at {hypothesis}"
        yield f"simp [{name}] at {hypothesis}"
        if any(argument.is_premise for argument in explicit):
            yield f"have := {name} {hypothesis}"
