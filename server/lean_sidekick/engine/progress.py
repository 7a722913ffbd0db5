"""A sign of life of a search in words, for the progress bar of an editor and the status line of a shell. Pure."""

from lean_sidekick.engine.api import ProveProgress

_TARGET_LENGTH = 60


def describe_progress(sign: ProveProgress) -> str:
    """Checks, seconds, the best state so far, and what is tried."""
    goals = "1 goal" if sign.goals_left == 1 else f"{sign.goals_left} goals"
    proved = f", {sign.goals_proved} proved" if sign.goals_proved else ""
    checks = "1 check" if sign.checks == 1 else f"{sign.checks} checks"
    trying = " ".join(sign.trying.split())
    if len(trying) > _TARGET_LENGTH:
        trying = trying[: _TARGET_LENGTH - 1] + "…"
    return f"{checks}, {sign.seconds:.0f} s; best so far: {goals} left{proved}" + (f"; at ⊢ {trying}" if trying else "")
