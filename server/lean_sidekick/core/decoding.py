"""How answers are taken from a model: the values that a prompt adapter, a model card and a user may choose.

One value for local and remote models alike. Nothing here decodes.
"""

from enum import Enum

from attrs import frozen


class Strategy(Enum):
    """Beam search, or sampling; greedy decoding is beam search with one beam."""

    BEAM = "beam"
    SAMPLE = "sample"


@frozen(kw_only=True)
class Decoding:
    """How many answers to take for one prompt, and how.

    `candidate_count` is the number of answers; with beam search it is the number of beams too. Sampling shares it out
    over `temperatures`, the first ones getting what is left over. `top_k` 0 and `top_p` 1 mean no cut; a
    `repetition_penalty` of 1 means none. `length_penalty` is the exponent of the length that beam search divides a
    log-probability by (0: the plain sum). Two runs with the same seed on the same device give the same answers.
    """

    strategy: Strategy
    candidate_count: int
    max_new_tokens: int
    temperatures: tuple[float, ...] = (1.0,)
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    length_penalty: float = 0.0
    seed: int = 0

    def shares(self) -> tuple[tuple[float, int], ...]:
        """How many samples to draw at which temperature; temperatures that get none are left out."""
        whole, rest = divmod(self.candidate_count, len(self.temperatures))
        counts = [whole + (place < rest) for place in range(len(self.temperatures))]
        return tuple((t, count) for t, count in zip(self.temperatures, counts, strict=True) if count)
