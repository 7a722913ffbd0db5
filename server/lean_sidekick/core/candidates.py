"""Candidates: tactic texts that nobody has run yet."""

from enum import Enum

from attrs import frozen


class Source(Enum):
    """Where a candidate came from."""

    PORTFOLIO = "portfolio"
    SHAPE = "shape"
    HYPOTHESIS = "hypothesis"
    LEMMA = "lemma"
    NEIGHBOUR = "neighbour"
    SEARCH = "search"
    TRANSFORMER = "transformer"
    REMOTE = "remote model"

    @property
    def is_model(self) -> bool:
        """Whether a model wrote it: nobody vouches for its text."""
        return self in (Source.TRANSFORMER, Source.REMOTE)


@frozen(kw_only=True)
class Candidate:
    """A tactic text with its source.

    `score` is a log-likelihood-like number, at most 0; larger is tried earlier and shown higher.
    """

    text: str
    source: Source
    score: float


def deduplicate(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates without repeated texts, the best-scored of each kept, in the given order."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate.text)
        if known is None or candidate.score > known.score:
            best[candidate.text] = candidate
    return list(best.values())
