"""Our Lean runs at low priority on every system."""

from lean_sidekick.lean.process import BELOW_NORMAL, priority


def test_a_low_priority_in_the_words_of_the_system() -> None:
    assert priority(10, is_posix=True) == 10
    assert priority(10, is_posix=False) == BELOW_NORMAL == 0x4000
