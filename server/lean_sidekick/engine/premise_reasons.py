"""Why a premise was found, in words, for both doors. Pure, and light: it is imported before the engine is."""

from lean_sidekick.engine.api import PremiseFinding

_SHOWN = 6


def describe_reasons(finding: PremiseFinding) -> str:
    """Why a premise was found, in words: the rankers with their ranks, and what it shares with the question."""
    pieces = []
    for reason in sorted(finding.reasons, key=lambda reason: reason.rank):
        shared = f" ({', '.join(reason.shared[:_SHOWN])})" if reason.shared else ""
        pieces.append(f"{reason.ranker} {reason.rank}{shared}")
    return ", ".join(pieces)
