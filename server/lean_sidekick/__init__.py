"""Lean Sidekick: checked tactic suggestions for people who write Lean 4."""

__version__ = "0.1.0"
