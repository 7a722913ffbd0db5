"""Ranking by what stands around: premises that proofs of similar statements use, and declarations just above.

`ProofRanker` is the k-nearest-neighbours idea of MaSh (Kuehlwein and others, 2013): what proved accessible statements
like this one may prove this one. It needs to know what proofs use (`Premise.uses`) and says nothing otherwise.
`NearRanker` knows that people prove a lemma right before they need it.
"""

import numpy as np
from attrs import evolve

from lean_sidekick.premises.collection import Collection
from lean_sidekick.premises.lexical import lexical_scores
from lean_sidekick.premises.rankers import FLOOR, NOTHING, Array, Question, best
from lean_sidekick.premises.segment import Segment, TokenSets
from lean_sidekick.premises.shapes import shape_scores
from lean_sidekick.premises.symbols import symbol_scores

_NEIGHBOURS = 200
# How fast a neighbour's vote falls with its similarity (from 0 to 1).
_SHARPNESS = 2.0


class ProofRanker:
    """Premises used in proofs of the accessible statements that are most like the question."""

    name = "proofs"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        if not any(len(segment.uses.tokens) for segment in collection.segments):
            return NOTHING
        likeness = _scaled(lexical_scores(collection, question), question.allowed)
        likeness += _scaled(symbol_scores(collection, question) - FLOOR, question.allowed)
        likeness += _scaled(shape_scores(collection, question) - FLOOR, question.allowed)
        neighbours = best(likeness, question.allowed, _NEIGHBOURS)
        used = [collection.uses_of(number) for number in neighbours.tolist()]
        owners = np.repeat(np.arange(len(used)), [len(names) for names in used])
        names, places = np.unique(np.concatenate(used), return_inverse=True) if used else (NOTHING, NOTHING)
        found = collection.find_names(names)
        is_known = np.zeros(len(names), dtype=bool)
        is_known[found[:, 1]] = True
        # What text takes for a name need not be one: it must not thin out the others.
        counts = np.bincount(owners, weights=is_known[places], minlength=len(used))
        votes = (likeness[neighbours] / 3) ** _SHARPNESS / np.sqrt(np.maximum(counts, 1))
        sums = np.bincount(places, weights=votes[owners], minlength=len(names))
        scores = np.zeros(len(collection), dtype=np.float32)
        scores[found[:, 0]] = sums[found[:, 1]]
        return best(scores, question.allowed, limit)


def with_saved_uses(collection: Collection, above: Segment, module: str | None) -> Segment:
    """The declarations of an open file with what Lean said of their proofs when the file was indexed, if it did.

    One whose proof was changed since keeps what was said of the old one.
    """
    uses = [above.uses.of(number) for number in range(len(above))]
    for segment in collection.segments:
        documents = segment.find_names(above.names)
        for number in np.flatnonzero(documents >= 0).tolist():
            document = int(documents[number])
            is_live = segment.is_live is None or segment.is_live[document]
            if is_live and segment.modules[segment.module_of[document]] == module:
                said = segment.uses.of(document)
                uses[number] = said if len(said) else uses[number]
    starts = np.zeros(len(uses) + 1, dtype=np.int64)
    np.cumsum([len(names) for names in uses], out=starts[1:])
    return evolve(above, uses=TokenSets(starts, np.concatenate(uses) if uses else above.uses.tokens))


class NearRanker:
    """The declarations above the place, the nearest first."""

    name = "near"

    def rank(self, collection: Collection, question: Question, limit: int) -> Array:
        size = len(collection)
        return np.arange(size - 1, size - 1 - min(question.above, limit), -1, dtype=np.int64)


def _scaled(scores: Array, allowed: Array) -> Array:
    """Scores by the best that counts, from 0 to 1."""
    most = float(scores[allowed].max(initial=0.0))
    scaled: Array = np.clip(scores / most, 0, 1) if most > 0 else np.zeros(len(scores), dtype=np.float32)
    return scaled
