"""What a piece of work may cost: seconds and checks, counted down in one place.

The clock is handed in, so that tests run on a clock of their own.
"""

import time
from collections.abc import Callable

from attrs import define, field


@define(kw_only=True)
class Budget:
    """A limit in seconds from now on and in checks; one object is shared by all who spend it."""

    seconds: float
    checks: int
    clock: Callable[[], float] = time.monotonic
    checks_spent: int = 0
    _started: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._started = self.clock()

    def restart(self) -> None:
        """Counts the seconds from now on; checks that were spent stay spent."""
        self._started = self.clock()

    @property
    def seconds_spent(self) -> float:
        """Seconds since the budget was made."""
        return self.clock() - self._started

    @property
    def seconds_left(self) -> float:
        """Seconds that are left, never negative."""
        return max(0.0, self.seconds - self.seconds_spent)

    @property
    def checks_left(self) -> int:
        """Checks that are left, never negative."""
        return max(0, self.checks - self.checks_spent)

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be started."""
        return self.seconds_left <= 0 or self.checks_left <= 0

    def spend_checks(self, count: int) -> None:
        """Counts checks that were run."""
        self.checks_spent += count
