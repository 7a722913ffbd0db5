"""The learning rate of a run over its updates, and over its time where that is limited. Pure but for the clock."""

import math
import time
from collections.abc import Callable

from attrs import define, field

_WARM_UP_SHARE = 0.05
_WARM_UP_UPDATES = 100


@define
class Schedule:
    """Rises over the first updates, then falls along a cosine to nothing, at the last update or at the end of the time.

    `updates` are those of the whole run, `done` those before this call; `seconds` is what this call may take, None for
    any time. A run that ends by its time alone would stop while the rate is still high.
    """

    updates: int
    done: int
    seconds: float | None
    clock: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._begun = self.clock()

    def factor(self, update: int) -> float:
        """What the learning rate of an update is multiplied by, 0 to 1."""
        warm_up = max(1, min(_WARM_UP_UPDATES, round(_WARM_UP_SHARE * self.updates)))
        progress = update / self.updates
        if self.seconds is not None:
            before = self.done / self.updates
            progress = max(progress, before + (1 - before) * (self.clock() - self._begun) / self.seconds)
        return min(1.0, (update + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
