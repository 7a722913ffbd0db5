"""A proof that was found, made shorter and plainer in the time that is left.

Tried in this order: leaving steps out, joining introductions, `cases` for an `induction` whose hypotheses are not used,
a value and its proof in one, leaving out arguments of `simp`, and, if it is wished,
`simp only […]` for `simp`. Each change is run by Lean, alone and in its place, before the next builds on it. The last
word is the final check's, as for every proof.
"""

import re
from collections.abc import Callable, Iterator

from attrs import define, evolve, field, frozen

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.search.proof_text import Step
from lean_sidekick.verify.api import Session

Steps = tuple[Step, ...]
Place = tuple[int, ...]
"""Where a step stands: which root, which of its parts, and so on down."""

_INTRO = re.compile(r"(?P<word>intro|funext)(?P<names>(?: [^\s()\[\]{}⟨⟩:;,|]+)+)")
_INDUCTION = re.compile(r"induction (?P<what>[^\s:]+) with (?P<arms>\|[^\n]+)")
_HYPOTHESIS = re.compile(r" ?(?<![\w.])ih\w*")
_VALUE = re.compile(r"refine ⟨(?:[^?]+, )\?_⟩")
_SIMP_ARGUMENTS = re.compile(r"(?P<head>simp(?:_all)?(?: only)?) \[(?P<arguments>[^\[\]]+)\](?P<place>.*)")
_SIMP = re.compile(r"simp(?: \[[^\[\]]*\])?(?: at [^;<>]*)?")


@frozen(kw_only=True)
class PolishOptions:
    """What polishing may cost: a share of the time that the proof took, but at least `least_s` and at most
    `most_s` seconds, and so many checks. `narrows_simp` asks for `simp only […]`."""

    share: float = 0.5
    least_s: float = 1.0
    most_s: float = 5.0
    checks: int = 80
    narrows_simp: bool = False

    def budget(self, search: Budget) -> Budget:
        """What may be spent after a search that spent this, within what it left."""
        seconds = min(search.seconds_left, max(self.least_s, min(self.most_s, self.share * search.seconds_spent)))
        return Budget(seconds=seconds, checks=min(search.checks_left, self.checks), clock=search.clock)


@define(kw_only=True)
class Polisher:
    """Shortens one proof; `render` gives the block of steps as it would stand in the file."""

    session: Session
    budget: Budget
    render: Callable[[Steps], str]
    _tried: set[str] = field(factory=set, init=False)

    async def shorten(self, steps: Steps) -> Steps:
        """The proof with what is not needed left out."""
        is_shorter = True
        while is_shorter:
            is_shorter = False
            for shorter in variants(steps):
                if await self._holds(shorter):
                    steps, is_shorter = shorter, True
                    break
        return steps

    async def narrow(self, steps: Steps) -> Steps:
        """The proof with `simp only […]` for `simp`, where Lean says what was used and that holds."""
        for place, step in list(places(steps)):
            if _SIMP.fullmatch(step.text) and not self.budget.is_spent:
                text = await self.session.narrowed(lines_before(steps, place), step.text, self.budget)
                if text is not None and await self._holds(changed := put(steps, place, evolve(step, text=text))):
                    steps = changed
        return steps

    async def _holds(self, steps: Steps) -> bool:
        block = self.render(steps)
        if block in self._tried or self.budget.is_spent:
            return False
        self._tried.add(block)
        return (await self.session.confirm(block, self.budget)).kind is OutcomeKind.CLOSED


def variants(steps: Steps) -> Iterator[Steps]:
    """All proofs that are shorter by one change, the largest changes first."""
    every = list(places(steps))
    for place, step in every:
        if len(step.parts) == 1:
            yield put(steps, place, step.parts[0])
    for place, step in every:
        for plainer in (_joined_introductions(step), _without_hypotheses(step), _with_value(step)):
            if plainer is not None:
                yield put(steps, place, plainer)
    for place, step in every:
        for text in _with_fewer_arguments(step.text):
            yield put(steps, place, evolve(step, text=text))


def places(steps: Steps) -> Iterator[tuple[Place, Step]]:
    """All steps with where they stand, in the order of the text."""
    for index, step in enumerate(steps):
        yield (index,), step
        for place, below in places(step.parts):
            yield (index, *place), below


def put(steps: Steps, place: Place, new: Step) -> Steps:
    """The steps with another one at a place."""
    index, *rest = place
    old = steps[index]
    if rest:
        new = evolve(old, parts=put(old.parts, tuple(rest), new))
    return (*steps[:index], new, *steps[index + 1 :])


def lines_before(steps: Steps, place: Place) -> list[str]:
    """The tactic lines after which the goal of a step is the main goal."""
    lines = ["skip"] if place[0] else []  # a block does not begin with a bullet
    for index in place[:-1]:
        lines += ["· admit"] * index + [steps[index].text]
        steps = steps[index].parts
    return lines + ["· admit"] * place[-1]


def size(steps: Steps) -> int:
    """How many tactics a proof has."""
    return sum(1 for _ in places(steps))


def _joined_introductions(step: Step) -> Step | None:
    if len(step.parts) != 1:
        return None
    first, second = _INTRO.fullmatch(step.text), _INTRO.fullmatch(step.parts[0].text)
    if first is None or second is None or first["word"] != second["word"]:
        return None
    return evolve(step.parts[0], text=f"{first['word']}{first['names']}{second['names']}")


def _without_hypotheses(step: Step) -> Step | None:
    """`cases` for an `induction` whose hypotheses nothing speaks of."""
    found = _INDUCTION.fullmatch(step.text)
    if found is None or any(_HYPOTHESIS.search(below.text) for part in step.parts for below in part.walk()):
        return None
    return evolve(step, text=f"cases {found['what']} with {_HYPOTHESIS.sub('', found['arms'])}")


def _with_value(step: Step) -> Step | None:
    """`exact ⟨x, h⟩` for `refine ⟨x, ?_⟩` and the proof of what it leaves."""
    if len(step.parts) != 1 or step.parts[0].parts or not _VALUE.fullmatch(step.text):
        return None
    text = step.parts[0].text
    proof = "rfl" if text == "rfl" else text.removeprefix("exact ")
    is_term = proof != text or text == "rfl"
    if not is_term or "\n" in proof or proof.startswith(("match ", "fun ")):
        return None
    return Step(text=step.text.replace("refine", "exact", 1).replace("?_", proof), is_single=step.is_single)


def _with_fewer_arguments(text: str) -> Iterator[str]:
    """The forms of a `simp` with one argument less."""
    found = _SIMP_ARGUMENTS.fullmatch(text)
    if found is None:
        return
    arguments = found["arguments"].split(", ")
    for index in range(len(arguments)):
        rest = arguments[:index] + arguments[index + 1 :]
        listed = f" [{', '.join(rest)}]" if rest or found["head"].endswith("only") else ""
        yield f"{found['head']}{listed}{found['place']}"
