"""Steps taken at similar goals, as candidates: a k-nearest-neighbour source that learns while the user writes.

After Tactician (Blaauwbroek, Urban, Geuvers 2020, "The Tactician"): goals are sets of features, weighted by how rare
they are; what is alike is measured by the weight of the common ones, and a step counts less the longer ago it was
taken. A step is offered in the names of the goal at hand (`renaming`); a whole proof is a step too (`scripts`). What an
earlier proof established is offered where it rewrites the goal, however unlike the goals are (`facts`).
`StepIndex` is kept in memory and is bounded: the steps used longest ago go first. Deterministic: age counts steps, not
seconds. No Lean, no disk.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from attrs import define, field, frozen

from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.facts import Fact, fact_of
from lean_sidekick.tactics.features import features
from lean_sidekick.tactics.goal_shape import GoalShape, read_goal
from lean_sidekick.tactics.renaming import renamings
from lean_sidekick.tactics.step_texts import step_texts

SIZE_LIMIT = 20_000
NEIGHBOURS = 32
CANDIDATES = 16
FACTS = 4
_FACT = -2.2
_HALF_LIFE = 4_000
"""Steps after which a step counts `_AGED` of what it counted."""
_AGED = 0.8
_WORTH = {StepOrigin.PROOF: 1.0, StepOrigin.ACCEPTED: 1.1, StepOrigin.SOURCE: 0.9}
"""Of steps whose goals are equally alike."""
_ALWAYS = 200
_COMMON = 8
_COMPARED = 8
# The score of a step by the likeness of its goal, log-linear; fitted to how often the next step of a proof in the core
# library and early Mathlib 4 was the one offered, each theorem from those before it.
_BEST = -0.3
_SLOPE = 2.6
# Those below the least were hardly ever the next step, with whole files of that library held out; they would only fill
# batches up. Unless its goal is quite unlike, the first one is worth a check all the same, and so are the first whole
# proofs: each may stand for many.
_FIRST = -2.2
_LATER = 0.5
_LEAST = -4.0
_UNLIKE = -7.0
_NOTHING_TO_INTRODUCE = ("=", "∧", "∨", "↔")
_AGREEMENT = 0.15
_RESTATES = 0.6
_OTHER_WAY = 0.3


@frozen(kw_only=True)
class Neighbour:
    """A step with the likeness of its goal, 0 to 1."""

    step: TakenStep
    shape: GoalShape
    likeness: float


@define
class StepIndex:
    """The steps known, by the features of their goals; all calls come from one thread."""

    size_limit: int = SIZE_LIMIT
    _steps: dict[int, tuple[TakenStep, frozenset[str]]] = field(factory=dict, init=False)
    _ids: dict[tuple[str, str, str], int] = field(factory=dict, init=False)
    _having: defaultdict[str, set[int]] = field(factory=lambda: defaultdict(set), init=False)
    _of: defaultdict[str, set[int]] = field(factory=lambda: defaultdict(set), init=False)
    _facts: dict[int, Fact] = field(factory=dict, init=False)
    _clock: int = field(default=0, init=False)
    _weights: dict[str, float] = field(factory=dict, init=False)
    """Of features, as long as no step comes or goes."""

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, steps: Iterable[TakenStep]) -> None:
        """Adds steps, oldest first; one that is there already becomes the newest."""
        for step in steps:
            key = _key(step)
            if key in self._ids:
                self._remove(self._ids[key])
            self._clock += 1
            self._weights.clear()
            shape = read_goal(step.goal)
            found = features(shape)
            self._steps[self._clock] = step, found
            self._ids[key] = self._clock
            self._of[step.declaration].add(self._clock)
            fact = fact_of(step, shape)
            if fact is not None:
                self._facts[self._clock] = fact
            for feature in found:
                self._having[feature].add(self._clock)
            while len(self._steps) > self.size_limit:
                self._remove(next(iter(self._steps)))

    def replace(self, declaration: str, steps: Sequence[TakenStep]) -> None:
        """Puts steps in the place of those that a declaration had before; those that stay keep their age."""
        staying = {_key(step) for step in steps}
        for number in list(self._of.get(declaration, ())):
            step, _ = self._steps[number]
            if step.origin is StepOrigin.PROOF and _key(step) not in staying:
                self._remove(number)
        self.add(step for step in steps if _key(step) not in self._ids)

    def clear(self) -> None:
        """Forgets everything."""
        for number in list(self._steps):
            self._remove(number)

    def nearest(self, shape: GoalShape, count: int) -> list[Neighbour]:
        """The steps whose goals are most alike, best first.

        Rare features find the steps to look at; only the most promising of those are compared in full.
        """
        wanted = sorted(features(shape) & self._having.keys())
        total = len(self._steps)
        own = math.fsum(self._weight(feature) for feature in wanted)
        common: defaultdict[int, float] = defaultdict(float)
        for feature in wanted:
            having = self._having.get(feature, ())
            if len(having) <= max(_ALWAYS, total // _COMMON):
                weight = self._weight(feature)
                for number in having:
                    common[number] += weight
        scored = []
        for number, _ in sorted(common.items(), key=lambda item: (-item[1], -item[0]))[: _COMPARED * count]:
            step, found = self._steps[number]
            # Exact sums: the order of a set differs from run to run.
            shared = math.fsum(self._weight(feature) for feature in wanted if feature in found)
            other = math.fsum(map(self._weight, found))
            likeness = shared / (own + other - shared) * self._decay(number)
            likeness = min(1.0, likeness * _WORTH[step.origin])
            scored.append((-likeness, -number, step))
        scored.sort(key=lambda item: item[:2])
        return [
            Neighbour(step=step, shape=read_goal(step.goal), likeness=-likeness) for likeness, _, step in scored[:count]
        ]

    def facts(self, shape: GoalShape, count: int) -> list[TakenStep]:
        """Steps that establish what rewrites the goal, those that say most of it first, of equal ones the newest; each
        statement once."""
        known = {one.type.alpha_key for one in shape.proofs}
        found: list[tuple[int, TakenStep]] = []
        for number in reversed(self._facts):
            fact = self._facts[number]
            if fact.key not in known and (fit := fact.fit(shape.target)):
                known.add(fact.key)
                found.append((-fit, fact.step))
        return [step for _, step in sorted(found, key=lambda item: item[0])[:count]]

    def _weight(self, feature: str) -> float:
        """More for what is rare among the goals known; a little for what all have."""
        weight = self._weights.get(feature)
        if weight is None:
            weight = math.log((1 + len(self._steps)) / (1 + len(self._having.get(feature, ())))) + 0.1
            self._weights[feature] = weight
        return weight

    def _decay(self, number: int) -> float:
        age = self._clock - number
        return _AGED + (1 - _AGED) * math.exp2(-age / _HALF_LIFE)

    def _remove(self, number: int) -> None:
        step, found = self._steps.pop(number)
        self._facts.pop(number, None)
        self._weights.clear()
        del self._ids[_key(step)]
        for group, name in [(self._of, step.declaration), *((self._having, feature) for feature in found)]:
            group[name].discard(number)
            if not group[name]:
                del group[name]


def _key(step: TakenStep) -> tuple[str, str, str]:
    return step.declaration, step.goal.normal_form(), step.tactic


@frozen
class Neighbours:
    """Steps taken at similar goals as a generator."""

    index: StepIndex

    async def generate(self, request: TacticRequest) -> Sequence[Candidate]:
        """Steps in the names of the goal, those of the most similar goals first."""
        return neighbour_candidates(read_goal(request.goal), self.index)


def neighbour_candidates(shape: GoalShape, index: StepIndex) -> list[Candidate]:
    """Steps in the names of the goal, those of the most similar goals first."""
    best: dict[str, float] = {}
    for neighbour in index.nearest(shape, NEIGHBOURS):
        for text, penalty in _offered(neighbour, shape):
            score = _BEST + _SLOPE * math.log(max(neighbour.likeness, 0.01)) - penalty
            known = best.get(text)
            # Several similar goals say more than one.
            best[text] = score if known is None else max(known, score) + _AGREEMENT
    for step in index.facts(shape, FACTS):
        for way in renamings(step.tactic, read_goal(step.goal), shape)[:1]:
            best[way] = max(_FACT, best.get(way, _FACT))
    found: list[Candidate] = []
    floor = _FIRST
    for text, score in sorted(best.items(), key=lambda item: -item[1])[:CANDIDATES]:
        if score >= _UNLIKE and (not found or _may_finish(text)):
            score, floor = max(score, floor), floor - _LATER
        if score >= _LEAST:
            found.append(Candidate(text=text, source=Source.NEIGHBOUR, score=min(_BEST, score)))
    return sorted(found, key=lambda candidate: -candidate.score)


def _may_finish(text: str) -> bool:
    """Whether it stands for many steps, up to the end of a proof."""
    return "\n" in text and not text.startswith("have ")


def _offered(neighbour: Neighbour, shape: GoalShape) -> Iterator[tuple[str, float]]:
    if neighbour.likeness < _RESTATES and neighbour.step.tactic.startswith(("show ", "change ")):
        return  # it says a goal again, which has to be this one
    if neighbour.step.tactic.startswith("intro") and shape.target.is_operator(*_NOTHING_TO_INTRODUCE):
        return
    for text, penalty in step_texts(neighbour.step.tactic):
        for way, rewritten in enumerate(renamings(text, neighbour.shape, shape)):
            yield rewritten, penalty + _OTHER_WAY * way
