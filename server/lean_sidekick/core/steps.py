"""Steps taken: tactics that stand in finished proofs, with the goals they were used at."""

from enum import Enum

from attrs import frozen

from lean_sidekick.core.goals import Goal


class StepOrigin(Enum):
    """How a step became known."""

    PROOF = "a finished proof"
    ACCEPTED = "an accepted suggestion"
    SOURCE = "the text of an imported file"


@frozen(kw_only=True)
class TakenStep:
    """A tactic that was used at a goal.

    `declaration` is where it stands, by file and name (`file:///p/A.lean#foo`), so that all steps of a proof that was
    edited can be replaced.
    """

    goal: Goal
    tactic: str
    declaration: str
    origin: StepOrigin
