"""The learning rate over a run: it rises, falls, and has fallen when the run ends, by updates or by time."""

import pytest

from lean_sidekick.training.schedule import Schedule


class Clock:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_rises_for_a_while_and_falls_to_nothing() -> None:
    schedule = Schedule(updates=1_000, done=0, seconds=None)
    factors = [schedule.factor(update) for update in range(1_001)]
    assert factors[0] == pytest.approx(1 / 50)
    assert factors.index(max(factors)) == 49
    assert factors[500] == pytest.approx(0.5)
    assert factors[1_000] == pytest.approx(0.0)


def test_at_the_end_of_the_time_it_has_fallen_too() -> None:
    clock = Clock()
    schedule = Schedule(updates=1_000, done=0, seconds=60.0, clock=clock)
    clock.now += 30.0
    assert schedule.factor(100) == pytest.approx(0.5)
    clock.now += 30.0
    assert schedule.factor(200) == pytest.approx(0.0)


def test_a_run_that_goes_on_begins_where_it_was() -> None:
    """The time of this call is what is left of the run."""
    clock = Clock()
    schedule = Schedule(updates=1_000, done=500, seconds=60.0, clock=clock)
    assert schedule.factor(500) == pytest.approx(0.5)
    clock.now += 60.0
    assert schedule.factor(600) == pytest.approx(0.0)
