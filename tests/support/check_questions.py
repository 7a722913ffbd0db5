"""Generated questions: sites of every shape over the whole development set, with candidates of every kind.

The same for everybody: drawn with a fixed seed. At each statement stands another shape of site in turn, and a draw from
the program's own candidates, from the texts of its whole portfolio, and from the hostile ones; over the set each of
these occurs several times.
"""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.merge import default_generator, vocabulary_probes
from support.hostile import HOSTILE

DATA = Path(__file__).resolve().parents[1] / "data" / "core_exercises" / "core_dev.jsonl"
URI = "file:///project/Generated.lean"
OWN, PROBES, ATTACKS = 16, 6, 10
"""Candidates of each kind at a site."""

SHAPES = (
    ":= by\n",
    ":= by\n  admit\n",
    ":= by\n  skip\n  admit\n",
    ":= by\n  have fact : True := trivial\n  admit\n",
    ":=\n  sorry\n",
    ":= by\n  { admit }\n",
    ":= by\n  · admit\n",
    ":= id (by admit)\n",
    ":= by\n  have goal : True ∧ True := by\n    constructor\n    · trivial\n    · trivial\n  skip; admit\n",
)


@frozen(kw_only=True)
class Place:
    """A statement with a site in it."""

    name: str
    site: ProofSite
    number: int


def places() -> Iterator[Place]:
    """A site at every statement of the set."""
    for number, line in enumerate(DATA.read_text(encoding="utf-8").splitlines()):
        item = json.loads(line)
        head = item["statement"].removesuffix("by").rstrip().removesuffix(":=").rstrip()
        text = f"{head} {SHAPES[number % len(SHAPES)]}"
        holes = find_holes(text, URI, 1)
        assert len(holes) == 1, f"{item['name']} has {len(holes)} holes"
        yield Place(name=item["name"], site=holes[0], number=number)


async def candidates_at(place: Place, goal: Goal) -> Sequence[Candidate]:
    """The candidates to be asked about at a place whose main goal is known."""
    chance = random.Random(place.number)
    own = [c.text for c in await default_generator().generate(TacticRequest(goal=goal))]
    texts = [
        *chance.sample(own, min(OWN, len(own))),
        *chance.sample(vocabulary_probes(), PROBES),
        *(HOSTILE[(place.number * ATTACKS + i) % len(HOSTILE)] for i in range(ATTACKS)),
    ]
    chance.shuffle(texts)
    return [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in dict.fromkeys(texts)]
