"""The tactic words of a Lean, by its version gates."""

from attrs import frozen

from lean_sidekick.lean.gates import Gate, Gates

SIMP_STEPS = 200
"""Rewriting steps for one `simp` of an early Lean; sorting eight summands takes fewer."""


QUIET = ("set_option linter.all false in", "set_option warningAsError false in")


@frozen(kw_only=True)
class Dialect:
    """The words that shadow texts use.

    `mark` prints something, `trace_state` the goals; `recovery_off` says that `first | (candidate) | fail` turns error
    recovery off, which makes elaboration errors fail; `simp_steps` bounds `simp` where its loop never looks at the
    heartbeats; `quiet` are the options that keep linters and `warningAsError` out of a check, `all_names` those that
    make `trace_state` print as many names as error messages do; `simp_all_alone` says that `simp_all` may do something
    else to the copy of a goal than to the goal.
    """

    mark: str
    trace_state: str
    all_goals: str
    recovery_off: bool
    simp_steps: int | None
    all_names: tuple[str, ...] = ()
    simp_all_alone: bool = False
    quiet: tuple[str, ...] = ()


def dialect_of(gates: Gates) -> Dialect:
    """The dialect of a Lean."""
    is_camel_case = gates.has(Gate.CAMEL_CASE_TACTICS)
    trace_state = "traceState" if is_camel_case else "trace_state"
    return Dialect(
        mark='trace "checked"' if gates.has(Gate.TRACE_TEXT) else trace_state,
        trace_state=trace_state,
        all_goals="allGoals" if is_camel_case else "all_goals",
        recovery_off=not gates.is_early,
        all_names=("set_option pp.inaccessibleNames true in",) if gates.is_early else (),
        quiet=() if gates.is_early else QUIET,
        simp_all_alone=gates.has(Gate.SIMP_ALL_SEES_RAW_GOALS),
        simp_steps=SIMP_STEPS if gates.has(Gate.SIMP_IGNORES_HEARTBEATS) else None,
    )
