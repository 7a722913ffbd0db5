"""The same step under other names: what a hypothesis is called says nothing, so a model should learn to read it off.

A step's hypotheses get other names in its state and in its tactic alike, drawn from the names that the data gives to
the like of them, as often as it does. Pure; what comes out is meant for training alone and is not checked by Lean.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import evolve

from lean_sidekick.core.goals import split_goals
from lean_sidekick.core.terms import IDENTIFIER
from lean_sidekick.tactics.renaming import put_names
from lean_sidekick.training.examples import Example

_NAMED_VALUE = re.compile(r"([^\W\d][\w'!?]*)\s*:=")


class Renamer:
    """Renames the hypotheses of examples with the names of all of them."""

    def __init__(self, examples: Iterable[Example]) -> None:
        self._pools: dict[str, Counter[str]] = {}
        for example in examples:
            for name in _names(example):
                self._pools.setdefault(_kind(name), Counter())[name] += 1

    def variant(self, example: Example, choose: random.Random) -> Example | None:
        """The example under other names; None if there is nothing to rename."""
        lines = [line for line in example.state.split("\n") if not line.startswith("case ")]
        taken = {name.partition(".")[0] for name in IDENTIFIER.findall("\n".join([*lines, example.tactic]))}
        values: dict[str, str] = {}
        for name in _names(example):
            free = {other: count for other, count in self._pools[_kind(name)].items() if other not in taken}
            if free:
                [values[name]] = choose.choices(list(free), list(free.values()))
                taken.add(values[name])
        if not values:
            return None
        state = [line if line.startswith("case ") else put_names(line, values) for line in example.state.split("\n")]
        return evolve(example, state="\n".join(state), tactic=put_names(example.tactic, values))


def _names(example: Example) -> Sequence[str]:
    """The names that can be typed, each once; none that may be an argument's or a field's (`(n := …)`) as well."""
    names = dict.fromkeys(name for goal in split_goals(example.state) for name in goal.names)
    kept = set(_NAMED_VALUE.findall(example.tactic))
    return [name for name in names if name not in kept and IDENTIFIER.fullmatch(name) and "." not in name]


def _kind(name: str) -> str:
    """What people name so: proofs (`h`, `ih`), types (Greek or upper case), or anything else."""
    if name.startswith(("h", "ih")):
        return "proof"
    return "type" if name[0].isupper() or "α" <= name[0] <= "ω" else "element"
